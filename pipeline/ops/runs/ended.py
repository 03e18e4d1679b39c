"""Alert of runs that could not report their own end: killed, never begun, or over."""

import datetime
from functools import partial

from pipeline import clock
from pipeline.documents.run_record import ENDED, STARTED, Entry
from pipeline.ops.alerts import send
from pipeline.ops.runs import record
from pipeline.ops.runs.record import KILLED, WHY_KILLED
from pipeline.ops.settings import alert_url
from pipeline.paths import Layout
from pipeline.roots import FAMILIES, ROOTS
from pipeline.storage.documents import newest


def report(task: str, date: datetime.date, status: int, layout: Layout | None) -> None:
    """Alert of a command that ended without reporting, and of all other runs that did.

    `task` can be the name of a job; `layout` is None where a setting is unusable.
    """
    this = (task, date) if status == KILLED else None
    killed = alert_of_killed_runs(layout, this) if layout else []
    if this and this not in {(each.task, each.date) for each in killed}:
        send.run_failed(task, date, status, "killed", [WHY_KILLED])
    elif _never_began(task, date, status, layout):
        why = "It could not be started: its output says why."
        send.run_failed(task, date, status, "not-started", [why])


def alert_of_killed_runs(
    layout: Layout, known: tuple[str, datetime.date] | None = None
) -> list[Entry]:
    """Alert of unattended runs that were killed, record their end, and return them.

    The end is recorded after the alert was sent, so that one that did not arrive is sent again.
    `known` is the task and date of one that was killed, though a process may still be alive.
    """
    begun = [each for each in record.entries(layout) if each.event == STARTED]
    killed = [e for e in begun if (e.task, e.date) == known or record.is_over(layout, e)]
    for run in killed:
        is_silent = not run.unattended or alert_url() is None
        log = layout.work / run.log if run.log else None
        failure = (run.task, run.date, KILLED, "killed", [WHY_KILLED], log)
        if is_silent or send.run_failed(*failure) or send.is_open(run.task, run.date):
            record.end(layout, run, KILLED, WHY_KILLED)
    return [run for run in killed if run.unattended]


def clear_what_is_done(layout: Layout) -> None:
    """Send the all-clear of failures whose document exists now, whichever run published it."""
    for family, root in ROOTS.items():
        if last := newest(partial(root.document, layout), clock.today()):
            send.all_clear(family, last[0], f"{family} of {last[0]} is done.")


def _never_began(task: str, date: datetime.date, status: int, layout: Layout | None) -> bool:
    """Return whether the command never came to where a run reports its own end."""
    if status not in (1, 2) or task not in FAMILIES:
        return status in (126, 127)  # a shell's: not executable, not found
    since = clock.now() - datetime.timedelta(minutes=5)
    ended = [e for e in record.entries(layout) if e.event == ENDED] if layout else []
    return not any((e.task, e.date) == (task, date) and e.at >= since for e in ended)
