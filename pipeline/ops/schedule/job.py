"""`tmdb-scheduled`: what a crontab line and a systemd unit call, around the command that they show.

It reads the settings file, opens the output, chooses the date once, holds the lock and the time
limit, runs the command with `--date`, and draws the pages.
"""

import contextlib
import datetime
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import DocumentUnreadable, PipelineError
from pipeline.ops.alerts import heartbeat, send
from pipeline.ops.runs import ended
from pipeline.ops.runs.record import ALREADY_RUNNING
from pipeline.ops.schedule import installed, overdue, pauses
from pipeline.ops.schedule.job_process import JobProcess, locked, open_output, read_settings, say
from pipeline.ops.schedule.overdue import Due
from pipeline.paths import Layout
from pipeline.roots import ALIASES, PAGES_TASK, ROOTS, TRENDS_TASK, WAREHOUSE_TASK, Root
from pipeline.storage import documents, superseded
from pipeline.storage.documents import storage_of

NOT_STARTED, WRONG_USE = 1, 2
CATCH_UP, PRUNE = "catch-up", "prune"
PASS_SECONDS = 50 * 60.0  # of the catch-up; a longer one may have missed its next start
SCHEDULE, TRIGGER = "schedule", "trigger"  # the values of `started_by` in the run record


def main() -> None:
    """Run the command of the arguments, and exit as it does."""
    name, dashes, command = sys.argv[1:2], sys.argv[2:3], sys.argv[3:]
    if not name or dashes != ["--"] or not command:
        say("tmdb-scheduled: Use it as `tmdb-scheduled daily|weekly|catch-up|NAME -- COMMAND...`.")
        sys.exit(WRONG_USE)
    read_settings()
    open_output()
    sys.exit(run_job(name[0], command))


def run_job(name: str, command: Sequence[str]) -> int:
    """Run `daily`, `weekly`, `catch-up`, or a command under any other name; return its status."""
    process = JobProcess()
    if name == CATCH_UP:
        return _catch_up(command, process)
    if name in ALIASES:
        try:
            command, date = split_date(command)
        except ValueError:
            say(f"tmdb-scheduled: {command[-1]!r} is no date: write it like 2026-11-29.")
            return WRONG_USE
        return _run_root(ROOTS[ALIASES[name]], date, command, SCHEDULE, process)
    status = process.run(command, {settings.STARTED_BY: SCHEDULE} if name == PRUNE else {})
    ended.report(name, clock.today(), status, _layout())
    return status


def split_date(command: Sequence[str]) -> tuple[Sequence[str], datetime.date | None]:
    """Return a command without the `--date DATE` at its end, and that date; or raise ValueError.

    A scheduler that starts a run again after midnight, as Kubernetes does, names the date itself.
    """
    if list(command[-2:-1]) != ["--date"]:
        return command, None
    return command[:-2], datetime.date.fromisoformat(command[-1])


def luigi_command(*words: str) -> list[str]:
    """Return the luigi command beside this Python, or on PATH, with words for it."""
    beside = Path(sys.executable).with_name("luigi")
    return [str(beside) if beside.exists() else beside.name, "--module", "pipeline", *words]


def trigger(
    family: str, date: datetime.date | None, options: Sequence[str], process: JobProcess
) -> int:
    """Run a task as the schedule would, for somebody who asks for it; return its status."""
    command = luigi_command(family, *options)
    if family in ROOTS:
        return _run_root(ROOTS[family], date, command, TRIGGER, process)
    words = [*command, "--date", str(date or clock.today())]
    return process.run(words, {settings.STARTED_BY: TRIGGER})


def say_if_paused(family: str) -> None:
    """Say that the schedule of a task is paused, where it is run all the same."""
    if (layout := _layout()) and (pause := pauses.active(layout, family)):
        say(f"The schedule of {family} is paused; this run is not.\n{pause.reason}")


def _run_root(
    root: Root, date: datetime.date | None, command: Sequence[str], started_by: str,
    process: JobProcess, *, quiet: bool = False,
) -> int:  # fmt: skip
    """Run a root task, draw its pages and load them; return the status of the first that fails.

    The schedule runs nothing whose file is there. A warehouse that is away fails no collection: its
    own run reports it, and the next one loads what is missing.
    """
    layout = _layout()
    day, variables = choose_date(root, date, started_by)
    commands = {root.family: command, PAGES_TASK: [command[0], "--module", "pipeline", PAGES_TASK]}
    if started_by == SCHEDULE and layout and (pause := pauses.active(layout, root.family, say)):
        pauses.record_skipped(layout, root, day, pause)
        if not quiet:
            say(f"Skipped: {root.family} of {day}. {pause.reason}")
        return 0
    with hold_lock(layout, root.family) as lock:
        if lock is None:
            if quiet:
                return 0
            say(f"Skipped: another run of {root.family} is in progress.")
            return ALREADY_RUNNING
        if layout is not None:  # before a success would send the all-clear
            ended.alert_of_killed_runs(layout)
        if layout is not None and started_by == SCHEDULE:
            for task, path_of in ((root.family, root.document), (PAGES_TASK, root.page)):
                with contextlib.suppress(PipelineError):  # the command itself reports it
                    if documents.exists(path_of(layout, day)):
                        del commands[task]
            if PAGES_TASK in commands:
                with contextlib.suppress(PipelineError):  # the index shows what was noted before
                    schedules = installed.schedules(settings.current().config_dir / "crontab")
                    overdue.note_due(layout, schedules, clock.now())
        status = run_tasks(commands, day, variables, process, lock)
    if status == 0 and settings.value("PIPELINE_WAREHOUSE_URL"):
        is_week = root.alias == "weekly"  # the index shows the way to the trends
        tasks = (WAREHOUSE_TASK, *((TRENDS_TASK, PAGES_TASK) if is_week else ()))
        loads = {task: [command[0], "--module", "pipeline", task] for task in tasks}
        run_tasks(loads, day, variables, process, ())
    return status


def choose_date(
    root: Root, date: datetime.date | None, started_by: str
) -> tuple[datetime.date, dict[str, str]]:
    """Return the date to run a root task of, and the variables of that run.

    Without a date it is today, or the newest day that was due: a week that is made up for on a
    Tuesday is the one of the Sunday before. It is collected until it is over; an earlier date is
    late already.
    """
    variables, due = {settings.STARTED_BY: started_by}, Due(root, clock.today(), clock.now())
    with contextlib.suppress(PipelineError):  # the run itself says which setting is wrong
        schedule = installed.schedules(settings.current().config_dir / "crontab")[root.family]
        due = (root.collects_late and overdue.newest_due(root, schedule, due.at)) or due
        if date in (None, due.date) and (until := due.collectable_until(schedule)):
            variables[settings.COLLECT_UNTIL] = f"{until.timestamp():.0f}"
    return date or due.date, variables


def run_tasks(
    commands: Mapping[str, Sequence[str]], date: datetime.date, variables: Mapping[str, str],
    process: JobProcess, lock: Sequence[int],
) -> int:  # fmt: skip
    """Run the commands of tasks until one fails, for a caller that holds the lock of the root."""
    for task, command in commands.items():
        status = process.run([*command, "--date", str(date)], variables, lock)
        ended.report(task, date, status, _layout())
        if status:
            return status
    return 0


@contextlib.contextmanager
def hold_lock(layout: Layout | None, family: str) -> Iterator[tuple[int, ...] | None]:
    """Hold the lock of a root task, with what an interrupted redo moved aside put back.

    Yield its descriptor; None where another process has it.
    """
    with locked(layout.run_lock(family) if layout else None) as lock:
        if layout and lock is not None:
            with contextlib.suppress(DocumentUnreadable):  # the run itself reports it
                superseded.settle(layout, family, say)
        yield lock


def _catch_up(command: Sequence[str], process: JobProcess) -> int:
    """Run each root task whose newest due date is missing and can still be collected.

    Where nothing is due it starts no luigi and writes nothing. systemd starts no unit that is still
    active: a pass that lasts until its next start is followed by another one at once.
    """
    try:
        current = settings.current()
        layout, late = current.layout, current.plan().max_days_late
        began, status = -PASS_SECONDS, 0
        while clock.monotonic() - began >= PASS_SECONDS and not process.stopped_by:
            began, status = clock.monotonic(), 0
            for family, root in ROOTS.items():
                if storage_of(layout.root).is_folder(layout.redo_folder(family)):
                    with hold_lock(layout, family):
                        pass
                schedule = installed.schedules(current.config_dir / "crontab")[family]
                now = clock.now()
                due = overdue.newest_due(root, schedule, now)
                if due and overdue.to_run(due, layout, schedule, now, late):
                    run = (root, due.date, [*command, family], SCHEDULE, process)
                    status = _run_root(*run, quiet=True) or status
        ended.alert_of_killed_runs(layout)
        ended.clear_what_is_done(layout)
        send.all_clear(CATCH_UP, clock.today(), "The hourly catch-up works again.")
    except (PipelineError, OSError) as error:
        say(str(error))
        send.run_failed(CATCH_UP, clock.today(), NOT_STARTED, "not-started", [str(error)])
        return NOT_STARTED
    heartbeat.send_unless_overdue()
    return status


def _layout() -> Layout | None:
    """Return the data root; None where a setting is unusable, which the command itself reports."""
    try:
        return settings.current().layout
    except PipelineError:
        return None
