"""luigi's scheduler, with what running unattended for months needs besides.

Each root task has its delay between attempts, every run attempts of its own, and the history also
learns that a worker died, that a task was given up, and that it was queued again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import luigi.configuration
import luigi.scheduler
from luigi.task_status import BATCH_RUNNING, DISABLED, FAILED, PENDING, RUNNING

from pipeline.errors import SettingsError
from pipeline.ops.history.events import explanation
from pipeline.ops.luigid import private
from pipeline.ops.luigid.policy import Refused
from pipeline.ops.luigid.state import StateFile
from pipeline.ops.roots import ROOTS, Root

MAX_TASKS = 10_000
"""Tasks that luigid keeps at a time, some 5 kB each; a week is 10 and a day 4."""

MAX_WORKERS = 1_000

WORKER_GONE = "its worker is gone"

MAX_STORY = 20_000
"""Characters kept of what a failed task says; the end of a traceback says most."""

_WINDOW_SECONDS = 86_400
"""Failures of a run are counted for so long: longer than all of its attempts and delays."""

_SECTION = "tmdb_pipeline"
_DISK = ThreadPoolExecutor(max_workers=1, thread_name_prefix="luigid-state")


class PipelineState(StateFile):
    """luigi's state; a failed task waits as long as its family has to."""

    def __init__(self, path: Path, configs: Mapping[str, Any], history: Any) -> None:
        super().__init__(path)
        self._configs = configs
        self._history = history

    def set_status(self, task: Any, new_status: str, config: Any = None) -> None:
        """Change the status; the history records a task that is given up."""
        before = task.status
        super().set_status(task, new_status, self._config_of(task, config))
        if task.status == DISABLED != before:
            self._history.disabled(task)

    def fail_dead_worker_task(self, task: Any, config: Any, assistants: set[str]) -> None:
        """Fail a task whose worker is gone; the history records it."""
        is_running = task.status in (RUNNING, BATCH_RUNNING) and task.worker_running
        if is_running and task.worker_running not in task.stakeholders | assistants:
            task.expl = WORKER_GONE
            self._history.failed(task, WORKER_GONE)
        super().fail_dead_worker_task(task, self._config_of(task, config), assistants)

    def update_status(self, task: Any, config: Any) -> None:
        """Queue a failed task again when its delay is over; recorded where a run waits for it."""
        before = task.status
        super().update_status(task, self._config_of(task, config))
        if before == FAILED and task.status == PENDING and task.stakeholders:
            self._history.requeued(task)

    def forget_unneeded(self, count: int) -> None:
        """Drop so many of the tasks that no run waits for, those first that would leave first."""
        unneeded = [task for task in self.get_active_tasks() if task.remove is not None]
        unneeded.sort(key=lambda task: task.remove)
        self.inactivate_tasks([task.id for task in unneeded[:count]])

    def _config_of(self, task: Any, config: Any) -> Any:
        return self._configs.get(task.family, config)


class PipelineScheduler(luigi.scheduler.Scheduler):
    """luigi's scheduler for this pipeline's tasks, with a history as `HistoryRecorder` is one."""

    def __init__(
        self, history: Any, state_path: Path, keeps_history: bool, collector: Any = None
    ) -> None:
        config = luigi.scheduler.scheduler(state_path=str(state_path))
        super().__init__(config=config, task_history_impl=history)
        self._keeps_history = keeps_history
        self.state = PipelineState(state_path, configs_by_family(), history)
        private.set_state(self, self.state, collector or luigi.metrics.NoMetricsCollector())

    def running(self) -> list[str]:
        """Return the ids of the tasks that run."""
        return [task.id for task in self.state.get_active_tasks_by_status(RUNNING)]

    def has_task_history(self) -> bool:
        """Return whether the page links to the history."""
        return self._keeps_history

    async def save(self) -> None:
        """Save the state; the disk does not delay the calls of others."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(_DISK, self.state.write, self.state.snapshot())

    def refuse_excess(self, worker: str | None, task_ids: Collection[str]) -> None:
        """Refuse a call by which there would be too many workers, or tasks that a run waits for."""
        workers = self.state.get_worker_ids()
        if worker and worker not in workers and len(workers) >= MAX_WORKERS:
            raise Refused(503, f"luigid knows {MAX_WORKERS} workers already; silent ones leave.")
        new = {each for each in task_ids if not self.state.has_task(each)}
        excess = len(self.state.get_active_tasks()) + len(new) - MAX_TASKS
        if new and excess > 0:
            self.state.forget_unneeded(excess)
            if len(self.state.get_active_tasks()) + len(new) > MAX_TASKS:
                raise Refused(503, f"luigid holds {MAX_TASKS} tasks already; finished ones leave.")

    def add_task(self, **call: Any) -> None:
        """Add or update a task; secrets are removed from the explanation of a failure."""
        if call.get("expl"):
            call["expl"] = presentable(call["expl"])
        if call.get("status", PENDING) == PENDING:
            self._grant_attempts(self.state.get_task(call.get("task_id")), call["worker"])
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
                self.state.re_enable(task)
            task.clear_failures()


def configs_by_family() -> dict[str, Any]:
    """Return luigi's own configuration for each family, with the delay of its root task in it."""
    configs = {root: luigi.scheduler.scheduler(retry_delay=_delay(root)) for root in ROOTS.values()}
    return {family: config for root, config in configs.items() for family in root.steps}


def presentable(story: str) -> str:
    """Return a failure's explanation without secrets, and no longer than the page can show."""
    return json.dumps(explanation(story)[-MAX_STORY:], ensure_ascii=False)


def _delay(root: Root) -> float:
    name = root.retry_delay_option
    text = luigi.configuration.get_config().get(_SECTION, name, str(root.retry_delay_seconds))
    try:
        delay = float(text)
    except ValueError:
        delay = -1
    if not 0 <= delay <= 86_400:
        raise SettingsError(
            f"[{_SECTION}] {name} in luigi's configuration has to be a number of seconds, at most "
            "a day."
        )
    return delay
