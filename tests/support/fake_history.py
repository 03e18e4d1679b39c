"""A task history that keeps each event as a line of text."""

from __future__ import annotations

from typing import Any

import luigi.task_history


class FakeHistory(luigi.task_history.TaskHistory):  # type: ignore[misc]
    """A history that keeps each event as a line of text."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.buffered, self.lost, self.up = 0, 0, True

    def task_scheduled(self, task: Any) -> None:
        self.events.append(f"{task.family} scheduled")

    def task_started(self, task: Any, worker_host: str) -> None:
        self.events.append(f"{task.family} started on {worker_host}")

    def task_finished(self, task: Any, successful: bool) -> None:
        end = "done" if successful else f"failed: {task.expl}"
        self.events.append(f"{task.family} {end}")

    def disabled(self, task: Any) -> None:
        self.events.append(f"{task.family} given up")
