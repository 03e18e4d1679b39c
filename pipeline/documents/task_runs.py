"""What the run of a day was like, from the events of its journal. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

START, DONE, FAILED = "start", "done", "failed"

MAX_TASKS = 1_000
"""Tasks of a day that are kept; the largest plan has some 500."""


def runs(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each task's last run, in the order in which the tasks first began.

    Args:
        events: `at` (an ISO instant with its zone), `task`, `event` (start, done, failed), in the
            order of time.

    Returns:
        `task`, `started_at` and `ended_at` of the last attempt, its `seconds`, `attempts` in all
        since the task was last done, and `outcome`: done, failed or running. An attempt that never
        ended (killed) counts as one.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for event in events:
        task = tasks.get(event["task"])
        if event["event"] == START:
            if task is not None or len(tasks) < MAX_TASKS:
                tasks[event["task"]] = _begun(event, task)
        elif task is not None:
            task.update(outcome=event["event"], ended_at=event["at"], seconds=_between(task, event))
    return list(tasks.values())


def _begun(event: dict[str, Any], before: dict[str, Any] | None) -> dict[str, Any]:
    again = before is not None and before["outcome"] != DONE
    return {
        "task": event["task"],
        "started_at": event["at"],
        "ended_at": None,
        "seconds": None,
        "attempts": before["attempts"] + 1 if again and before else 1,
        "outcome": "running",
    }


def _between(task: dict[str, Any], event: dict[str, Any]) -> float:
    start, end = (
        datetime.datetime.fromisoformat(each) for each in (task["started_at"], event["at"])
    )
    return max(0.0, round((end - start).total_seconds(), 3))  # a clock that was set back
