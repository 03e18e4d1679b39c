"""One run of the `luigi` command: its log, its record, its scheduler, and its alerts.

An unattended run goes on with the local scheduler where luigid does not answer or is lost.
"""

import contextlib
import logging
import platform
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

import luigi
import luigi.interface
import luigi.task
import msgspec

from pipeline import clock, settings
from pipeline.documents.run_record import Entry
from pipeline.errors import PipelineError, SettingsError
from pipeline.ops import configuration
from pipeline.ops.alerts import heartbeat, send
from pipeline.ops.runs import record, result
from pipeline.ops.runs.record import ALREADY_RUNNING
from pipeline.ops.runs.scheduler_choice import alert_outage, uses_luigid
from pipeline.ops.schedule.job_process import locked
from pipeline.ops.schedule.overdue import Due
from pipeline.ops.schedule.times import Schedule
from pipeline.ops.settings import sends_key_in_clear
from pipeline.paths import Layout
from pipeline.roots import ROOTS
from pipeline.runtime import logs, luigi_configuration, luigi_setup, signals, terminal
from pipeline.runtime.logs import Failure
from pipeline.runtime.luigi_messages import LOST_LUIGID, cause_of, scheduler_address
from pipeline.storage import documents
from pipeline.version import VERSION

LOGGER = logging.getLogger("luigi-interface.pipeline")

NOT_RUN, NO_SCHEDULER = 25, 40  # as [retcode] of luigi.cfg sets them
LUIGID, LOCAL = "luigid", "local"

# luigi ends without a message then.
NOT_DONE = (
    "Not everything is done, and the scheduler grants nothing more: luigid was killed and forgot "
    "this run, it is paused, or it refuses a task that failed too often. Fix that and run the same "
    "command again: what is finished is kept."
)


class RunSession:
    """A run in progress; its end is logged and recorded, and alerted of if it failed."""

    def __init__(self, family: str, task: luigi.Task | None, words: Sequence[str]) -> None:
        """Open the log, once luigi's command line has been read."""
        self._task, self._words, self._luigid_address = task, words, scheduler_address()
        self._began, began_at, current = clock.monotonic(), clock.instant(), None
        with contextlib.suppress(SettingsError):  # luigi will find them wrong and say so
            current = settings.current()
        self._layout = current.layout if current else None
        self._log = self._layout.run_log(began_at, family) if self._layout else None
        by_cron = "schedule" if luigi_setup.retries_tasks() else "manual"
        self._entry = Entry(
            run_id=self._log.stem if self._log else family, task=family, version=VERSION,
            date=getattr(task, "date", None), at=began_at, started_at=began_at,
            started_by=settings.run_variable(settings.STARTED_BY) or by_cron,
            scheduler=LOCAL if luigi.interface.core().local_scheduler else LUIGID,
            log=self._layout.relative(self._log) if self._layout and self._log else None,
            unattended=luigi_setup.retries_tasks() or not sys.stderr.isatty(),
        )  # fmt: skip
        logs.install(current.log_format if current else "text", self._log)
        key = current.credential if current else None
        source = ("demo" if key.is_demo else "tmdb") if key else "none: no usable key"
        where = f"(source {source}, Python {platform.python_version()})"
        logs.RUN_LOGGER.info("tmdb-pipeline %s: luigi %s %s", VERSION, " ".join(words), where)
        if current and sends_key_in_clear(current):
            LOGGER.warning("TMDB_API_URL is no https address: the key crosses the network in clear")
        for each in configuration.warnings(only_misspelt=True):
            LOGGER.warning("%s", each)
        self._collect_no_other_day()
        if self._layout:
            _sweep(self._layout)

    def run(self, start: Callable[[list[str]], None]) -> NoReturn:
        """Run luigi's command line, and leave by SystemExit: 0 if what was asked for exists."""
        try:
            sys.exit(self._run(start))
        except BaseException as error:
            self._end(error)
            raise

    def _run(self, start: Callable[[list[str]], None]) -> int:
        """Return luigi's exit status, or 0 where the document exists.

        A run that luigid forgot is planned again, and once more without luigid where that is lost.
        """
        with contextlib.ExitStack() as held:
            self._choose_scheduler(held)
            if held.enter_context(locked(self._lock_path())) is None:
                LOGGER.warning("Skipped: another run of %s is in progress.", self._entry.task)
                return ALREADY_RUNNING
            self._refuse_what_cannot_run()
            status = self._start(start)
            if self._is_lost(status, NOT_RUN):
                LOGGER.warning(
                    "luigid grants nothing more (it forgot this run, is paused, or refuses a task):"
                    " the run is planned again."
                )
                status = self._start(start)
            if self._is_lost(status, NOT_RUN, NO_SCHEDULER):
                LOGGER.warning(
                    "luigid was lost during this run, or grants nothing more (it forgot this run, "
                    "is paused, or refuses a task): the run starts over with the local scheduler."
                )
                signals.end_task_processes()  # before the same tasks are started again
                self._entry = msgspec.structs.replace(self._entry, scheduler=LOCAL)
                if self._layout and LOST_LUIGID in {each.cause for each in logs.failures()}:
                    alert_outage(self._layout, "luigid was lost during a run.")
                status = self._start(start)
        if not status or not self._is_done():
            return status
        if status in result.OF_TASKS:  # and not of a luigid that was lost after the last task
            LOGGER.info("Other runs did the rest of %s: it is complete.", self._entry.task)
        return 0

    def _is_lost(self, status: int, *statuses: int) -> bool:
        """Return whether an unattended run with luigid ended so, and without its document."""
        is_with_luigid = self._entry.unattended and self._entry.scheduler == LUIGID
        return status in statuses and is_with_luigid and bool(self._task) and not self._is_done()

    def _start(self, start: Callable[[list[str]], None]) -> int:
        option = ["--local-scheduler"] if self._entry.scheduler == LOCAL else []
        try:
            start([*self._words, *option])
        except SystemExit as end:
            return signals.exit_status(end)
        return 0

    def _end(self, error: BaseException) -> None:
        status, failures = signals.exit_status(error), logs.failures()
        if isinstance(error, signals.Stopped):
            error.last_resort.cancel()
        if isinstance(error, KeyboardInterrupt):
            LOGGER.warning("Stopped. What is finished is kept; the same command goes on.")
            name = getattr(error, "name", "Ctrl-C")
            failures.append(Failure("stopped", f"The run was stopped by {name}."))
        elif status == NOT_RUN and not failures:
            LOGGER.error(NOT_DONE, extra={"is_held": True})
            failures.append(Failure("none", NOT_DONE))
        try:
            self._report(status, failures)
        except Exception as fault:  # whatever it is, the run has ended as it has
            LOGGER.warning("The end of this run could not be reported: %s", fault)
        if isinstance(error, SystemExit) and status:
            terminal.show_errors(list(dict.fromkeys(each.sentence for each in failures)))
        seconds = clock.monotonic() - self._began
        logs.RUN_LOGGER.info("Ended with status %s after %.1f s", status, seconds)

    def _collect_no_other_day(self) -> None:
        """Let this run collect no list of today once the day is over; an earlier one is late."""
        task, day, now = self._entry.task, clock.today(), clock.now()
        dues = [Due(root, day, now) for root in ROOTS.values() if task in root.steps]
        is_set = settings.run_variable(settings.COLLECT_UNTIL) is not None
        if self._entry.unattended and self._entry.date == day and dues and not is_set:
            until = dues[-1].collectable_until(Schedule())
            settings.set_run_variable(settings.COLLECT_UNTIL, until and f"{until.timestamp():.0f}")

    def _choose_scheduler(self, held: contextlib.ExitStack) -> None:
        """Record the start with the scheduler that the run uses; `held` keeps it ours."""
        entry, luigid = self._entry, (self._luigid_address, held, self._entry.unattended)
        if self._layout:
            if entry.scheduler == LUIGID and not uses_luigid(self._layout, *luigid):
                self._entry = msgspec.structs.replace(entry, scheduler=LOCAL)
            record.append(self._layout, self._entry)

    def _lock_path(self) -> Path | None:
        """Return the lock of a root task's scheduled run; the wrapper holds it for its own runs."""
        is_wrapped = settings.run_variable(settings.STARTED_BY) is not None
        is_locked = luigi_setup.retries_tasks() and not is_wrapped and self._entry.task in ROOTS
        return self._layout.run_lock(self._entry.task) if self._layout and is_locked else None

    def _refuse_what_cannot_run(self) -> None:
        """End a run with an unusable option, or one that luigi would plan in vain.

        luigi would keep a run that repeats its tasks waiting for work for twelve minutes. So each
        task that is not done is asked what it requires, as luigi does when it plans.
        """
        status, seen = 40, set()
        try:  # the status of a wrong option, and of a run that cannot be planned
            luigi_configuration.refuse_unusable()
            status = luigi_configuration.statuses()["scheduling_error"]
            waiting = [self._task] if self._task and luigi_setup.retries_tasks() else []
            while waiting:
                task = waiting.pop()
                if task.task_id not in seen and not task.complete():
                    waiting += luigi.task.flatten(task.requires())
                seen.add(task.task_id)
        except PipelineError as error:
            LOGGER.error("%s", error, extra={"cause": cause_of(error), "is_held": True})
            sys.exit(status)
        except Exception:  # a fault of the program: luigi logs it with its traceback
            return

    def _is_done(self) -> bool:
        with contextlib.suppress(Exception):  # what complete() raises was logged by the run itself
            return self._task is not None and bool(self._task.complete())
        return False

    def _report(self, status: int, failures: list[Failure]) -> None:
        """Record how the run ended; alert if an unattended run failed, or clear earlier alerts.

        The cause is that of the first failure which the loss of luigid does not explain.
        """
        errors = list(dict.fromkeys(each.sentence for each in failures))
        layout, entry, published = self._layout, self._entry, list[str]()
        if layout:
            reason = errors[-1] if status and errors else None
            ended = record.end(layout, entry, status, reason)
            published = ended.documents
            result.show(layout, ended)
        if not entry.unattended:
            return
        day = entry.date or clock.today()
        if status == 0:
            send.all_clear(entry.task, day, f"{entry.task} of {day} is done.")
        elif status not in (ALREADY_RUNNING, 128 + signal.SIGINT):
            causes = [each.cause for each in failures]
            of_tasks = [each for each in causes if each != LOST_LUIGID]
            cause = "stopped" if status > 128 else [*of_tasks, *causes, "none"][0]
            send.run_failed(entry.task, entry.date, status, cause, errors, self._log)
        heartbeat.send_unless_overdue()
        if layout and entry.date:
            send.quality_if_bad(layout, entry.date, published)


def _sweep(layout: Layout) -> None:
    """Remove what earlier runs left: old logs and alerts, temporaries of killed processes."""
    with contextlib.suppress(OSError):
        logs.sweep(layout, clock.now())
    send.sweep()
    for left in documents.sweep((*layout.published_folders, layout.alerts.parent)):
        logs.RUN_LOGGER.info("Removed %s, which a run left behind that was killed", left)
