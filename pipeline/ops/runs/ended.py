"""Alert of runs that could not report their own end: killed, never begun, or over."""

from __future__ import annotations

import datetime

from pipeline import clock
from pipeline.ops.alerts import send
from pipeline.ops.roots import FAMILIES, ROOTS, Root
from pipeline.ops.runs import record
from pipeline.ops.runs.record import Entry
from pipeline.paths import Layout

NOT_STARTED, WRONG_USE, NOT_EXECUTABLE, NOT_FOUND = 1, 2, 126, 127

_RECENT = datetime.timedelta(minutes=5)


def report(task: str, date: datetime.date, status: int, layout: Layout | None) -> None:
    """Alert of a command that ended without reporting, and of all other runs that did.

    Args:
        task: the task, or the name of the job.
        date: the date of its data.
        status: how it ended, as a shell says it.
        layout: the data root; None where a setting is unusable.
    """
    if status == record.KILLED:
        send.run_failed(task, date, status, "killed", [record.WHY_KILLED], None)
        _close(task, date, layout)
    if layout is not None:
        alert_of_killed_runs(layout)
    if status != record.KILLED and _never_began(task, date, status, layout):
        not_started(task, date, status, "It could not be started: its output says why.")


def _close(task: str, date: datetime.date, layout: Layout | None) -> None:
    """Record the end of a run whose processes may need another moment to be gone."""
    if layout is None:
        return
    for entry in record.entries(layout):
        if entry.ended_at is None and (entry.task, entry.date) == (task, str(date)):
            record.close(layout, entry)


def not_started(task: str, date: datetime.date, status: int, sentence: str) -> None:
    """Alert of a job that came to nothing before any run began."""
    send.run_failed(task, date, status, "not-started", [sentence], None)


def alert_of_killed_runs(layout: Layout) -> list[Entry]:
    """Alert of unattended runs that were killed, record their end, and return them.

    The end is recorded after the alert was sent, so that one that did not arrive is sent again.
    """
    killed = record.killed(layout)
    for entry in killed:
        if not entry.unattended or not send.is_on() or _alert_killed(entry, layout):
            record.close(layout, entry)
    return [entry for entry in killed if entry.unattended]


def _alert_killed(entry: Entry, layout: Layout) -> bool:
    """Alert of a killed run; return whether the people on call have the alert."""
    day = datetime.date.fromisoformat(entry.date) if entry.date else None
    log = layout.root / entry.log if entry.log else None
    reasons = [record.WHY_KILLED]
    sent = send.run_failed(entry.task, day, record.KILLED, "killed", reasons, log)
    return sent or send.is_open(entry.task, day)


def clear_what_is_done(layout: Layout) -> None:
    """Send the all-clear of failures whose document exists now, whichever run published it."""
    for root in ROOTS.values():
        if send.is_open(root.family):
            _clear(root, layout)


def _clear(root: Root, layout: Layout) -> None:
    today = clock.today()
    for back in range(root.look_back_days):
        day = today - datetime.timedelta(days=back)
        if root.document(layout, day).exists():
            send.all_clear(root.family, day, f"{root.family} of {day} is done.")
            return


def _never_began(task: str, date: datetime.date, status: int, layout: Layout | None) -> bool:
    """Return whether the command never came to where a run reports its own end."""
    if status in (NOT_EXECUTABLE, NOT_FOUND):
        return True
    if status not in (NOT_STARTED, WRONG_USE) or task not in FAMILIES:
        return False
    since = clock.now() - _RECENT
    return not any(
        each.task == task and each.date == str(date) and each.ended_at and each.ended_at >= since
        for each in (record.entries(layout) if layout else [])
    )
