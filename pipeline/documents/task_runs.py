"""The task runs of a day, from the events of its journal. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

START, DONE, FAILED = "start", "done", "failed"

MAX_TASKS = 1_000
"""Highest number of tasks of a day that are kept; the largest plan has some 500."""


def runs(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last run of each task, in the order in which the tasks first began.

    Args:
        events: `at` (an ISO instant with its zone), `task` and `event`, in the order of time.

    Returns:
        The times of the last attempt, the attempts since the task was last done, of which some may
        never have ended, and the outcome: done, failed or running.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for event in events:
        name, at = event["task"], event["at"]
        task = tasks.get(name)
        if event["event"] != START:
            if task:
                task.update(ended_at=at, seconds=_seconds(task, at), outcome=event["event"])
        elif task or len(tasks) < MAX_TASKS:
            earlier = task["attempts"] if task and task["outcome"] != DONE else 0
            tasks[name] = {
                "task": name,
                "started_at": at,
                "ended_at": None,
                "seconds": None,
                "attempts": earlier + 1,
                "outcome": "running",
            }
    return list(tasks.values())


def _seconds(task: dict[str, Any], end: str) -> float:
    parse = datetime.datetime.fromisoformat
    passed = (parse(end) - parse(task["started_at"])).total_seconds()
    return max(0.0, round(passed, 3))  # a clock that was set back
