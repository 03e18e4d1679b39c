"""`tmdb-scheduled`: what a crontab line and a systemd unit call, around the command that they show.

    tmdb-scheduled daily    -- luigi --module pipeline DailySummary
    tmdb-scheduled weekly   -- luigi --module pipeline WeeklyConsolidation
    tmdb-scheduled catch-up -- luigi --module pipeline
    tmdb-scheduled NAME     -- ANY COMMAND

It reads the settings file, opens the output, chooses the date once, holds the lock and the time
limit, runs the command with `--date`, and draws the pages. `catch-up` looks at the documents first:
where nothing is due it starts no luigi and writes nothing.
"""

from __future__ import annotations

import datetime
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.alerts import heartbeat, send
from pipeline.ops.roots import ALIASES, PAGES_TASK, ROOTS, Root
from pipeline.ops.runs import ended
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.schedule.installed import CATCH_UP
from pipeline.ops.schedule.job_environment import open_output, read_settings_file, say
from pipeline.ops.schedule.job_process import JobProcess, Lock, locked
from pipeline.ops.schedule.overdue import Due
from pipeline.paths import Layout

NOT_STARTED, WRONG_USE, ALREADY_RUNNING = 1, 2, 10

PASS_SECONDS = 50 * 60.0
"""A pass of the catch-up that lasts longer may have missed its next start."""

SCHEDULE, TRIGGER = "schedule", "trigger"
"""The values of `started_by` in the run record for runs of this command."""

USAGE = "Use it as `tmdb-scheduled daily|weekly|catch-up|NAME -- COMMAND...`."


def main() -> None:
    """Run the command of the arguments, and exit as it does."""
    name, dashes, command = sys.argv[1:2], sys.argv[2:3], sys.argv[3:]
    if not name or dashes != ["--"] or not command:
        say(f"tmdb-scheduled: {USAGE}")
        sys.exit(WRONG_USE)
    read_settings_file()
    open_output()
    sys.exit(run_job(name[0], command))


def run_job(name: str, command: Sequence[str]) -> int:
    """Run one job of the schedule and return its exit status.

    Args:
        name: `daily` or `weekly` for a root task, `catch-up`, or any other word for a command that
            is run as it is.
        command: the program and its arguments; `--date` is added for a root task.
    """
    process = JobProcess()
    with process.passing_signals_on():
        if name == CATCH_UP:
            return _catch_up(command, process)
        if name in ALIASES:
            root = ROOTS[ALIASES[name]]
            return RootJob(root, date_of_run(root), command, SCHEDULE).run(process)
        status = process.run(command, {})
        ended.report(name, clock.today(), status, _layout())
        return status


def trigger(root: Root, date: datetime.date | None, command: Sequence[str]) -> int:
    """Run a root task as the schedule would, for somebody who asks for it; return its status."""
    process = JobProcess()
    with process.passing_signals_on():
        return RootJob(root, date or date_of_run(root), command, TRIGGER).run(process)


def date_of_run(root: Root) -> datetime.date:
    """Return the date that a run started now is of: today, or the newest day that was due.

    A week that is made up for on a Tuesday is the one of the Sunday before.
    """
    if not root.collects_late:
        return clock.today()
    try:
        due = overdue.newest_due(root, _schedules()[root.family], clock.now())
    except PipelineError:  # the run itself says which setting is wrong
        due = None
    return due.date if due else clock.today()


class RootJob:
    """One run of a root task and of its pages."""

    def __init__(
        self, root: Root, date: datetime.date, command: Sequence[str], started_by: str
    ) -> None:
        self._root = root
        self._date = date
        self._command = command
        self._started_by = started_by
        self._layout = _layout()

    def run(self, process: JobProcess, *, quiet: bool = False) -> int:
        """Run it unless another run is in progress; `quiet` says nothing about that."""
        with locked(self._layout.run_lock(self._root.family) if self._layout else None) as lock:
            if lock.is_free:
                return self._run_locked(process, lock)
        if quiet:
            return 0
        say(f"Skipped: another run of {self._root.family} is in progress.")
        return ALREADY_RUNNING

    def _run_locked(self, process: JobProcess, lock: Lock) -> int:
        variables = {settings.STARTED_BY: self._started_by, **self._limit()}
        status = 0
        if self._layout is not None:  # before a success would send the all-clear
            ended.alert_of_killed_runs(self._layout)
        if not self._is_there(self._root.document):
            words = [*self._command, "--date", str(self._date)]
            status = process.run(words, variables, lock)
            ended.report(self._root.family, self._date, status, self._layout)
        if status == 0 and not self._is_there(self._root.page):
            status = process.run(self._pages(), variables, lock)
            ended.report(PAGES_TASK, self._date, status, self._layout)
        return status

    def _is_there(self, path_of: Callable[[Layout, datetime.date], Path]) -> bool:
        """Return whether the file exists, so that nothing has to run; a trigger runs anyway."""
        if self._layout is None or self._started_by == TRIGGER:
            return False
        try:
            return path_of(self._layout, self._date).exists()
        except OSError:  # the command itself says what cannot be looked at
            return False

    def _pages(self) -> list[str]:
        """Return the command that draws the pages: the same program, another task."""
        program = self._command[0]
        return [program, "--module", "pipeline", PAGES_TASK, "--date", str(self._date)]

    def _limit(self) -> dict[str, str]:
        """Return the variable that says from when on the lists of the date are not collected.

        An earlier date that somebody asked for has no such moment: it is late already.
        """
        try:
            schedule = _schedules()[self._root.family]
        except PipelineError:
            return {}
        due: Due | None = Due(self._root, clock.today(), clock.now())
        if self._root.collects_late:
            due = overdue.newest_due(self._root, schedule, clock.now())
        until = overdue.collectable_until(due, schedule) if due else None
        if due is None or until is None or due.date != self._date:
            return {}
        return {settings.COLLECT_UNTIL: f"{until.timestamp():.0f}"}


def _catch_up(command: Sequence[str], process: JobProcess) -> int:
    """Run each root task whose newest due date is missing and can still be collected.

    systemd starts no unit that is still active: a pass that lasted until the next start is due is
    followed by another one.
    """
    status = 0
    try:
        began = -PASS_SECONDS
        while clock.monotonic() - began >= PASS_SECONDS and not process.stopped_by:
            began, status = clock.monotonic(), 0
            for due in _to_run():
                job = RootJob(due.root, due.date, [*command, due.root.family], SCHEDULE)
                status = job.run(process, quiet=True) or status
        layout = Layout(settings.current().data_dir)
        ended.alert_of_killed_runs(layout)
        ended.clear_what_is_done(layout)
        send.all_clear(CATCH_UP, clock.today(), "The hourly catch-up works again.")
    except (PipelineError, OSError) as error:
        say(str(error))
        ended.not_started(CATCH_UP, clock.today(), NOT_STARTED, str(error))
        return NOT_STARTED
    heartbeat.send_unless_overdue()
    return status


def _to_run() -> Iterator[Due]:
    """Yield the newest due dates that lack their document or their page, each when it is asked for.

    The run before may have lasted until another date was due.
    """
    current = settings.current()
    layout, times, late = Layout(current.data_dir), _schedules(), current.plan().max_days_late
    for family, root in ROOTS.items():
        missing = overdue.to_collect(layout, times, clock.now(), late)
        due = overdue.newest_due(root, times[family], clock.now())
        is_missing = family in {each.root.family for each in missing}
        is_done = due is not None and root.document(layout, due.date).exists()
        if due and (is_missing or (is_done and not root.page(layout, due.date).exists())):
            yield due


def _schedules() -> overdue.Schedules:
    return installed.schedules(settings.current().config_dir / "crontab")


def _layout() -> Layout | None:
    """Return the data root; None where a setting is unusable, which the command itself reports."""
    try:
        return Layout(settings.current().data_dir)
    except PipelineError:
        return None
