"""luigi's scheduler, with what running unattended for months needs besides.

Two delays between attempts, for tasks of the day and of the week; every run has attempts of its
own; and the history also learns what luigi does not report: that a worker died, that a task was
given up, that it was queued again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import luigi.scheduler
from luigi.task_status import BATCH_RUNNING, DISABLED, FAILED, PENDING, RUNNING

from pipeline import settings
from pipeline.ops.scheduler.accepted import FAMILIES
from pipeline.ops.scheduler.metrics import PipelineMetrics
from pipeline.ops.scheduler.retries import configs_by_family
from pipeline.ops.scheduler.state import StateFile
from pipeline.sanitize import plain

WORKER_GONE = "its worker is gone"

LONGEST_STORY = 20_000
"""Characters kept of what a failed task says; the end of a traceback says most."""

_WINDOW_SECONDS = 86_400
"""Failures of a run are counted for so long: longer than all of its attempts and delays."""


class History(Protocol):
    """The calls of the scheduler to the history beyond those of luigi's own."""

    def failed(self, task: Any, reason: str) -> None:
        """A task failed without its worker being able to say so."""

    def disabled(self, task: Any) -> None:
        """A task is given up: it failed as often as it may."""

    def requeued(self, task: Any) -> None:
        """A failed task waits to be run once more."""


class PipelineState(StateFile):
    """luigi's state; a failed task waits as long as its family has to."""

    def __init__(self, path: Path, configs: Mapping[str, Any], history: History) -> None:
        super().__init__(path)
        self._configs = configs
        self._history = history

    def set_status(self, task: Any, new_status: str, config: Any = None) -> None:
        """Change the status; the history hears of a task that is given up."""
        before = task.status
        super().set_status(task, new_status, self._config_of(task, config))
        if task.status == DISABLED != before:
            self._history.disabled(task)

    def fail_dead_worker_task(self, task: Any, config: Any, assistants: set[str]) -> None:
        """Fail a task whose worker is gone; the history hears of it."""
        is_running = task.status in (RUNNING, BATCH_RUNNING) and task.worker_running
        if is_running and task.worker_running not in task.stakeholders | assistants:
            task.expl = WORKER_GONE
            self._history.failed(task, WORKER_GONE)
        super().fail_dead_worker_task(task, self._config_of(task, config), assistants)

    def update_status(self, task: Any, config: Any) -> None:
        """Queue a failed task again when its delay is over.

        The history hears of it where a run still waits for the task: otherwise nobody will try it,
        and how it ended stays the last that is known.
        """
        before = task.status
        super().update_status(task, self._config_of(task, config))
        if before == FAILED and task.status == PENDING and task.stakeholders:
            self._history.requeued(task)

    def _config_of(self, task: Any, config: Any) -> Any:
        return self._configs.get(task.family, config)


class PipelineScheduler(luigi.scheduler.Scheduler):
    """luigi's scheduler for this pipeline's tasks.

    Args:
        history: luigi's task history, with the methods of `History`.
        state_path: the file in which it keeps what it knows.
        keeps_history: whether the page links to the history.
    """

    def __init__(self, history: Any, state_path: Path, keeps_history: bool) -> None:
        config = luigi.scheduler.scheduler(state_path=str(state_path))
        super().__init__(config=config, task_history_impl=history)
        self._keeps_history = keeps_history
        self._state = PipelineState(state_path, configs_by_family(), history)
        self._state._metrics_collector = PipelineMetrics(frozenset(FAMILIES), history)

    def task(self, task_id: str | None) -> Any:
        """Return the task of that id, or None."""
        return task_id and self._state.get_task(task_id)

    def task_count(self) -> int:
        """Return how many tasks are known, finished ones included."""
        return int(self._state.get_active_task_count_for_status(""))

    def running(self) -> list[str]:
        """Return the ids of the tasks that run."""
        return [task.id for task in self._state.get_active_tasks_by_status(RUNNING)]

    def has_task_history(self) -> bool:
        """Return whether the page links to the history."""
        return self._keeps_history

    def add_task(self, **call: Any) -> None:
        """Add or update a task; secrets are removed from the explanation of a failure."""
        if call.get("expl"):
            call["expl"] = presentable(call["expl"])
        if call.get("status", PENDING) == PENDING:
            self._grant_attempts(self.task(call.get("task_id")), call["worker"])
        policy = call.get("retry_policy_dict") or {}
        if policy.get("disable_window") is None:
            call["retry_policy_dict"] = {**policy, "disable_window": _WINDOW_SECONDS}
        super().add_task(**call)

    def _grant_attempts(self, task: Any, worker: str) -> None:
        """Give a new run attempts of its own, whatever failed in the runs before it.

        A run has a stake in what its root requires before it asks for that itself.
        """
        if task is not None and worker not in task.workers:
            if task.status == DISABLED:
                self._state.re_enable(task)
            task.clear_failures()


def presentable(story: str) -> str:
    """Return a failure's explanation without secrets, and no longer than the page can show.

    Workers send it as JSON, in which a secret may be escaped.
    """
    try:
        decoded = json.loads(story)
    except (ValueError, RecursionError):
        decoded = story
    text = decoded if isinstance(decoded, str) else story
    return json.dumps(plain(settings.redacted(text))[-LONGEST_STORY:], ensure_ascii=False)
