"""luigi's scheduler, with what running unattended for months needs besides.

Each root task has its delay between attempts, and every run has attempts of its own.
"""

import asyncio
import json
import pickle
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import luigi.configuration
import luigi.scheduler
from luigi.task_status import DISABLED, PENDING

from pipeline.errors import SettingsError
from pipeline.ops.history.events import explanation
from pipeline.ops.luigid import private
from pipeline.ops.luigid.policy import Refused
from pipeline.ops.luigid.state import PipelineState
from pipeline.roots import ROOTS, Root

# Tasks that luigid keeps at a time, some 5 kB each; a week is 10 and a day 4.
MAX_TASKS = 10_000
MAX_WORKERS = 1_000
# Characters kept of what a failed task says; the end of a traceback says most.
MAX_STORY = 20_000
# Failures of a run are counted for so long: longer than all of its attempts and delays.
_WINDOW_SECONDS = 86_400
_DISK = ThreadPoolExecutor(max_workers=1, thread_name_prefix="luigid-state")


class PipelineScheduler(luigi.scheduler.Scheduler):
    """luigi's scheduler for this pipeline's tasks, with a history as `HistoryRecorder` is one."""

    def __init__(
        self, history: Any, state_path: Path, keeps_history: bool, collector: Any = None
    ) -> None:
        config = luigi.scheduler.scheduler(
            record_task_history=keeps_history, disable_window=_WINDOW_SECONDS
        )
        super().__init__(config=config, task_history_impl=history)
        configs: dict[str, Any] = {}
        for root in ROOTS.values():
            delayed = luigi.scheduler.scheduler(retry_delay=_delay(root))
            configs |= dict.fromkeys(root.steps, delayed)
        self.state = PipelineState(state_path, configs, history)
        private.set_state(self, self.state, collector or luigi.metrics.NoMetricsCollector())

    async def save(self) -> None:
        """Save the state; the disk does not delay the calls of others."""
        content = pickle.dumps(self.state.get_state())
        await asyncio.get_running_loop().run_in_executor(_DISK, self.state.write, content)

    def refuse_excess(self, worker: str | None, task_ids: Collection[str]) -> None:
        """Refuse a call by which there would be too many workers, or tasks that a run waits for.

        Tasks that no run waits for are dropped instead, those first that would leave first.
        """
        workers = self.state.get_worker_ids()
        if worker and worker not in workers and len(workers) >= MAX_WORKERS:
            raise Refused(503, f"luigid knows {MAX_WORKERS} workers already; silent ones leave.")
        new = sum(not self.state.has_task(each) for each in task_ids)
        tasks = self.state.get_active_tasks()
        excess = len(tasks) + new - MAX_TASKS
        if new and excess > 0:
            unneeded = [task for task in tasks if task.remove is not None]
            unneeded.sort(key=lambda task: task.remove)
            self.state.inactivate_tasks([task.id for task in unneeded[:excess]])
            if len(unneeded) < excess:
                raise Refused(503, f"luigid holds {MAX_TASKS} tasks already; finished ones leave.")

    def add_task(self, **call: Any) -> None:
        """Add or update a task; a failure's explanation is cut and loses its secrets.

        A new run has attempts of its own, whatever failed in the runs before it. It has a stake in
        what its root requires before it asks for that itself.
        """
        if call.get("expl"):
            call["expl"] = json.dumps(explanation(call["expl"])[-MAX_STORY:], ensure_ascii=False)
        task = self.state.get_task(call.get("task_id"))
        is_planned = call.get("status", PENDING) == PENDING
        if is_planned and task is not None and call["worker"] not in task.workers:
            if task.status == DISABLED:
                self.state.re_enable(task)
            task.clear_failures()
        super().add_task(**call)

    def get_work(self, **call: Any) -> dict[str, Any]:
        """Hand out a task; tasks that run elsewhere count as pending, so that their end is awaited.

        Else a run with keep_alive would end, and fail, while another host does the last task.
        """
        reply: dict[str, Any] = super().get_work(**call)
        elsewhere = [each for each in reply["running_tasks"] if each["worker"] != call["worker"]]
        reply["n_pending_tasks"] += len(elsewhere)
        return reply


def _delay(root: Root) -> float:
    """Return the seconds between two attempts at a root task's steps, as luigi.cfg has them."""
    section, name = "tmdb_pipeline", f"{root.alias}_retry_delay"
    default = float(root.retry_delay_seconds)
    try:
        delay = luigi.configuration.get_config().getfloat(section, name, default)
    except ValueError:
        delay = -1
    if not 0 <= delay <= 86_400:
        raise SettingsError(f"[{section}] {name} of luigi.cfg has to be 0 to 86400 seconds.")
    return delay
