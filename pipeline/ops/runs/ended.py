"""Alert of runs that could not report their own end: killed, never begun, or over."""

from __future__ import annotations

import datetime

from pipeline import clock
from pipeline.ops.alerts import send
from pipeline.ops.roots import FAMILIES, ROOTS
from pipeline.ops.runs import record
from pipeline.ops.runs.record import ENDED, KILLED, STARTED, WHY_KILLED, Entry
from pipeline.paths import Layout

_NOT_STARTED, _WRONG_USE, _NOT_EXECUTABLE, _NOT_FOUND = 1, 2, 126, 127
_RECENT = datetime.timedelta(minutes=5)


def report(task: str, date: datetime.date, status: int, layout: Layout | None) -> None:
    """Alert of a command that ended without reporting, and of all other runs that did.

    `task` can be the name of a job; `layout` is None where a setting is unusable.
    """
    this = (task, date) if status == KILLED else None
    killed = alert_of_killed_runs(layout, this) if layout is not None else []
    if this and this not in {(each.task, each.date) for each in killed}:
        send.run_failed(task, date, status, "killed", [WHY_KILLED], None)
    if not this and _never_began(task, date, status, layout):
        not_started(task, date, status, "It could not be started: its output says why.")


def not_started(task: str, date: datetime.date, status: int, sentence: str) -> None:
    """Alert of a job that came to nothing before any run began."""
    send.run_failed(task, date, status, "not-started", [sentence], None)


def alert_of_killed_runs(
    layout: Layout, known: tuple[str, datetime.date] | None = None
) -> list[Entry]:
    """Alert of unattended runs that were killed, record their end, and return them.

    The end is recorded after the alert was sent, so that one that did not arrive is sent again.
    `known` is a task and date whose run was killed, though its processes may not be gone yet.
    """
    killed = [
        each
        for each in record.entries(layout)
        if each.event == STARTED
        and ((each.task, each.date) == known or record.is_over(layout, each))
    ]
    for entry in killed:
        if not entry.unattended or not send.is_on() or _alert_killed(entry, layout):
            record.end(layout, entry, KILLED, WHY_KILLED)
    return [entry for entry in killed if entry.unattended]


def clear_what_is_done(layout: Layout) -> None:
    """Send the all-clear of failures whose document exists now, whichever run published it."""
    for root in ROOTS.values():
        if send.is_open(root.family):
            days = (clock.today() - datetime.timedelta(n) for n in range(root.look_back_days))
            day = next((day for day in days if root.document(layout, day).exists()), None)
            if day is not None:
                send.all_clear(root.family, day, f"{root.family} of {day} is done.")


def _alert_killed(entry: Entry, layout: Layout) -> bool:
    """Alert of a killed run; return whether the people on call have the alert."""
    log = layout.root / entry.log if entry.log else None
    sent = send.run_failed(entry.task, entry.date, KILLED, "killed", [WHY_KILLED], log)
    return sent or send.is_open(entry.task, entry.date)


def _never_began(task: str, date: datetime.date, status: int, layout: Layout | None) -> bool:
    """Return whether the command never came to where a run reports its own end."""
    if status not in (_NOT_STARTED, _WRONG_USE) or task not in FAMILIES:
        return status in (_NOT_EXECUTABLE, _NOT_FOUND)
    since = clock.now() - _RECENT
    return not any(
        (each.event, each.task, each.date) == (ENDED, task, date) and each.at >= since
        for each in (record.entries(layout) if layout else [])
    )
