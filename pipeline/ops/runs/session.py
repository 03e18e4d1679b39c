"""One run of the `luigi` command: its log, its record, its scheduler, and its alerts.

An unattended run depends on nothing optional: it goes on with the local scheduler where luigid does
not answer, and starts over with it once where luigid is lost.
"""

from __future__ import annotations

import contextlib
import datetime
import logging
import multiprocessing
import platform
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType

import luigi
import luigi.interface
import luigi.task

from pipeline import clock, settings
from pipeline.errors import PipelineError, SettingsError
from pipeline.ops import luigi_configuration
from pipeline.ops.alerts import heartbeat, send
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs import record, scheduler_choice, task_process
from pipeline.ops.runs.record import ENDED, STARTED, Entry
from pipeline.ops.runs.scheduler_choice import LOCAL
from pipeline.ops.runs.signals import Stopped
from pipeline.ops.schedule.job_process import NO_LOCK, Lock, locked
from pipeline.ops.settings import sends_key_in_clear
from pipeline.paths import Layout
from pipeline.runtime import logs, luigi_setup
from pipeline.runtime.logs import Failure
from pipeline.runtime.luigi_messages import LOST_LUIGID, cause_of, scheduler_address
from pipeline.storage import local
from pipeline.version import VERSION

LOGGER = logging.getLogger("luigi-interface.pipeline")

ALREADY_RUNNING, NOT_RUN, NO_SCHEDULER = 10, 25, 40
"""Exit statuses as `[retcode]` of luigi.cfg sets them."""

NOT_DONE = (
    "Not everything is done, and the scheduler grants nothing more: luigid was killed and forgot "
    "this run, it is paused, or it refuses a task that failed too often. Fix that and run the same "
    "command again: what is finished is kept."
)
"""luigi ends without a message then."""

STARTS_OVER = "luigid was lost during this run: it starts over with the local scheduler."
GRANTS_NOTHING = (
    "luigid grants nothing more, although not everything is done: it forgot this run, is paused, "
    "or refuses a task. The run starts over with the local scheduler."
)

_PATIENCE_SECONDS = 5.0
"""Seconds that the task processes of a lost scheduler have to end after SIGKILL."""


class Run:
    """A run in progress; `with` it, its end is logged and recorded, and alerted if it failed."""

    def __init__(self, family: str, task: luigi.Task | None, words: Sequence[str]) -> None:
        self._family = family
        self._task = task
        self._words = list(words)
        self._began_at = clock.now()
        self._began = clock.monotonic()
        self._unattended = luigi_setup.is_unattended()
        self._uses_luigid = not luigi.interface.core().local_scheduler
        self._luigid_address = scheduler_address()
        self._settings = _usable_settings()
        self._is_recorded = False
        self._log: Path | None = None
        if self._settings:
            self._log = Layout(self._settings.data_dir).run_log(self._began_at, family)

    @property
    def _date(self) -> datetime.date | None:
        """The date of the data; None for tasks without one."""
        return getattr(self._task, "date", None)

    def begin(self) -> None:
        """Open the log and record the start, once luigi's command line has been read."""
        log_format = self._settings.log_format if self._settings else "text"
        logs.install(log_format, self._log)
        task_process.install()
        logs.RUN_LOGGER.info(
            "tmdb-pipeline %s: luigi %s (source %s, Python %s)",
            *(VERSION, " ".join(self._words), self._source(), platform.python_version()),
        )
        if self._settings is None:
            return
        layout = Layout(self._settings.data_dir)
        if sends_key_in_clear(self._settings):
            LOGGER.warning(
                "TMDB_API_URL is no https address: the key crosses the network for anybody to read"
            )
        with contextlib.suppress(OSError):
            logs.sweep(layout, self._began_at)
        for left in local.sweep(layout.published_folders):
            logs.RUN_LOGGER.info("Removed %s, which a run left behind that was killed", left)
        self._collect_no_other_day()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        status = _status(error)
        if isinstance(error, Stopped):
            error.has_arrived()
        failures = logs.failures()
        if isinstance(error, KeyboardInterrupt):
            LOGGER.warning("Stopped. What is finished is kept; the same command goes on.")
            failures = [*failures, Failure("stopped", f"The run was stopped by {_name(error)}.")]
        try:
            self._report(status, failures)
        except Exception as fault:  # whatever it is, the run has ended as it has
            LOGGER.warning("The end of this run could not be reported: %s", fault)
        seconds = clock.monotonic() - self._began
        logs.RUN_LOGGER.info("Ended with status %s after %.1f s", status, seconds)

    def run(self, start: Callable[[list[str]], None]) -> None:
        """Run luigi's command line, and once more with the local scheduler if luigid is lost.

        Args:
            start: luigi's command line; it leaves by SystemExit.

        Raises:
            SystemExit: always, with 0 if the document that was asked for exists.
        """
        with self._lock() as lock:
            if not lock.is_free:
                LOGGER.warning("Skipped: another run of %s is in progress.", self._family)
                sys.exit(ALREADY_RUNNING)
            self._refuse_what_cannot_be_planned()
            with self._scheduler() as words:
                status = _started(start, words)
                if self._has_lost_luigid(status, words):
                    LOGGER.warning(STARTS_OVER if status == NO_SCHEDULER else GRANTS_NOTHING)
                    _end_task_processes()
                    self._note_outage()
                    self._uses_luigid = False
                    status = _started(start, [*words, LOCAL])
        sys.exit(0 if status and self._is_done() else status)

    def _lock(self) -> contextlib.AbstractContextManager[Lock]:
        """Hold the lock of a root task's scheduled run; the wrapper holds it for its own runs."""
        is_scheduled = (
            luigi_setup.retries_tasks() and settings.run_variable(settings.STARTED_BY) is None
        )
        if self._settings is None or not is_scheduled or self._family not in ROOTS:
            return contextlib.nullcontext(NO_LOCK)
        return locked(Layout(self._settings.data_dir).run_lock(self._family))

    def _refuse_what_cannot_be_planned(self) -> None:
        """End a run that repeats its tasks where luigi would plan in vain, and then wait.

        luigi keeps such a run waiting for work until its idle time is over: twelve minutes.
        """
        if self._task is None or not luigi_setup.retries_tasks():
            return
        try:
            _plan(self._task)
        except PipelineError as error:
            LOGGER.error("%s", error, extra={"cause": cause_of(error)})
            sys.exit(luigi_configuration.statuses()["scheduling_error"])
        except Exception:  # a fault of the program: luigi logs it with its traceback
            return

    @contextlib.contextmanager
    def _scheduler(self) -> Iterator[list[str]]:
        """Choose the scheduler, and yield the command line for it."""
        if self._settings is None or not self._uses_luigid:
            self._record_start()
            yield self._words
            return
        layout = Layout(self._settings.data_dir)
        if self._unattended:
            scheduler_choice.bound_waits()
        with scheduler_choice.choose_scheduler(
            layout, self._luigid_address, unattended=self._unattended
        ) as why_not:
            if why_not:
                LOGGER.warning("%s: this run uses the local scheduler.", why_not.rstrip("."))
                self._uses_luigid = False
            self._record_start()
            yield [*self._words, LOCAL] if why_not else self._words

    def _record_start(self) -> None:
        """Record the start, once, when the scheduler is known or the run has ended before."""
        if self._settings and not self._is_recorded:
            self._is_recorded = True
            record.append(Layout(self._settings.data_dir), STARTED, self._entry(None, None))

    def _has_lost_luigid(self, status: int, words: Sequence[str]) -> bool:
        """Return whether the task is not done because of luigid; only unattended runs go on."""
        by_luigid = status in (NOT_RUN, NO_SCHEDULER) and self._uses_luigid
        return by_luigid and self._unattended and self._task is not None and not self._is_done()

    def _note_outage(self) -> None:
        causes = {each.cause for each in logs.failures()}
        if self._settings and LOST_LUIGID in causes:
            layout = Layout(self._settings.data_dir)
            scheduler_choice.alert_outage(layout, "luigid was lost during a run.")

    def _is_done(self) -> bool:
        try:
            return self._task is not None and bool(self._task.complete())
        except Exception:  # what complete() raises was logged by the run itself
            return False

    def _collect_no_other_day(self) -> None:
        """Let no list of the day be collected by this run once the day is over.

        A run that was asked for an earlier date collects it late, and says so.
        """
        asked_for_today = self._date is not None and self._date == clock.today()
        if (
            self._unattended
            and asked_for_today
            and settings.run_variable(settings.COLLECT_UNTIL) is None
        ):
            roots = [root for root in ROOTS.values() if self._family in root.steps]
            if not any(root.collects_late for root in roots):
                tomorrow = clock.today() + datetime.timedelta(days=1)
                until = clock.midnight(tomorrow).timestamp()
                settings.set_run_variable(settings.COLLECT_UNTIL, f"{until:.0f}")

    def _report(self, status: int, failures: list[Failure]) -> None:
        """Record how the run ended; alert if an unattended run failed, or clear earlier alerts."""
        errors = list(dict.fromkeys(each.sentence for each in failures))
        if status == NOT_RUN and not errors:
            LOGGER.error(NOT_DONE)
            errors = [NOT_DONE]
        if self._settings:
            layout = Layout(self._settings.data_dir)
            self._record_start()
            reason = errors[-1] if status and errors else None
            record.append(layout, ENDED, self._entry(status, reason))
            if status == 0:
                LOGGER.info("The files are in %s", layout.root)
        if self._unattended:
            self._alert(status, failures, errors)
            heartbeat.send_unless_overdue()

    def _alert(self, status: int, failures: list[Failure], errors: list[str]) -> None:
        day = self._date or clock.today()
        if status == 0:
            send.all_clear(self._family, day, f"{self._family} of {day} is done.")
        elif status not in (ALREADY_RUNNING, 128 + signal.SIGINT):
            cause = _cause(status, failures)
            send.run_failed(self._family, self._date, status, cause, errors, self._log)
        if self._date is not None and self._settings:
            layout = Layout(self._settings.data_dir)
            for root in ROOTS.values():
                if self._family in root.steps:
                    send.quality_if_bad(root, layout, self._date, self._began_at)

    def _entry(self, status: int | None, reason: str | None) -> Entry:
        root = self._settings.data_dir if self._settings else Path()
        by_cron = "schedule" if luigi_setup.retries_tasks() else "manual"
        return Entry(
            run_id=self._log.stem if self._log else self._family,
            task=self._family,
            date=self._date.isoformat() if self._date else None,
            started_at=self._began_at,
            ended_at=None if status is None else clock.now(),
            status=status,
            reason=reason,
            started_by=settings.run_variable(settings.STARTED_BY) or by_cron,
            scheduler="luigid" if self._uses_luigid else "local",
            version=VERSION,
            log=self._log.relative_to(root).as_posix() if self._log else None,
            unattended=self._unattended,
        )

    def _source(self) -> str:
        credential = self._settings.credential if self._settings else None
        if credential is None:
            return "none: no usable key"
        return "demo" if credential.is_demo else "tmdb"


def _plan(task: luigi.Task) -> None:
    """Ask each task that is not done what it requires, as luigi does when it plans.

    Raises:
        PipelineError: a task refuses to be planned.
    """
    waiting, seen = [task], set()
    while waiting:
        each = waiting.pop()
        if each.task_id not in seen and not each.complete():
            waiting += luigi.task.flatten(each.requires())
        seen.add(each.task_id)


def _started(start: Callable[[list[str]], None], words: list[str]) -> int:
    try:
        start(words)
    except SystemExit as end:
        return _status(end)
    return 0


def _end_task_processes() -> None:
    """End what a lost scheduler left running, before the same tasks are started again."""
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    for child in children:
        child.join(_PATIENCE_SECONDS)


def _usable_settings() -> settings.Settings | None:
    """Return the settings; None where luigi will find them wrong and say so."""
    try:
        return settings.current()
    except SettingsError:
        return None


def _cause(status: int, failures: Sequence[Failure]) -> str:
    """Return the branch of the error tree that an alert is keyed by: that of the first failure.

    What luigid's loss left behind does not count beside the failures of the tasks themselves.
    """
    causes = [each.cause for each in failures]
    if status > 128:
        return "stopped"
    of_tasks = [each for each in causes if each != LOST_LUIGID]
    return (of_tasks or causes or ["none"])[0]


def _name(error: KeyboardInterrupt) -> str:
    return error.name if isinstance(error, Stopped) else "Ctrl-C"


def _status(error: BaseException | None) -> int:
    """Return the exit status that this ending comes to."""
    if isinstance(error, Stopped):
        return error.status
    if isinstance(error, KeyboardInterrupt):
        return 128 + signal.SIGINT
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 0 if error is None else 1
