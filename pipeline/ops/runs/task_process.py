"""Set up a task process that is not forked, as on macOS: log and signals of its run.

A forked process has all of it. luigi enters the context named in `[worker] task_process_context`
around each task, in whatever process that runs.
"""

from __future__ import annotations

import multiprocessing
from types import TracebackType

import luigi.configuration

from pipeline import settings
from pipeline.errors import SettingsError
from pipeline.ops.runs import signals
from pipeline.runtime import logs, luigi_setup


def install() -> None:
    """Have luigi enter the context, unless luigi.cfg names another one."""
    configuration = luigi.configuration.get_config()
    if not configuration.get("worker", "task_process_context", ""):
        name = f"{TaskProcessContext.__module__}.{TaskProcessContext.__name__}"
        configuration.set("worker", "task_process_context", name)


class TaskProcessContext:
    """Join the log of the run, and end with it; does nothing in a forked process."""

    def __init__(self, process: multiprocessing.Process) -> None:
        self._process = process

    def __enter__(self) -> None:
        is_child = multiprocessing.parent_process() is not None
        if is_child and multiprocessing.get_start_method() != "fork":
            signals.follow_parent()
            luigi_setup.configure()
            luigi_setup.install()
            logs.join(_log_format())

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Keep the log open: the process ends with its task."""


def _log_format() -> str:
    try:
        return settings.current().log_format
    except SettingsError:  # the task itself says which setting is wrong
        return "text"
