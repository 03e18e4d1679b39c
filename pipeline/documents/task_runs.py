"""The task runs of a day, from the events of its journal. Pure."""

import datetime
from collections.abc import Iterable
from typing import Any

START, DONE, FAILED = "start", "done", "failed"

# Exit statuses of luigi: another run was in progress; nothing was run, as while paused.
ALREADY_RUNNING, NOT_RUN = 10, 25
PAUSED_UNTIL = "Paused until"  # begins the reason in the run record of a date that was paused


def is_paused(status: int | None, reason: str | None) -> bool:
    """Return whether a recorded run is only the note that the schedule was paused."""
    return status == NOT_RUN and (reason or "").startswith(PAUSED_UNTIL)


def runs(events: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last run of each task, in the order in which the tasks first began.

    The events, in the order of time, have `at` (an ISO instant with its zone), `task` and `event`.
    A run has the times of the last attempt, the attempts since the task was last done, of which
    some may never have ended, and the outcome: done, failed or running.
    """
    tasks: dict[str, dict[str, Any]] = {}
    for event in events:
        name, at = event["task"], event["at"]
        task = tasks.get(name)
        if event["event"] == START:
            earlier = task["attempts"] if task and task["outcome"] != DONE else 0
            times = {"started_at": at, "ended_at": None, "seconds": None}
            tasks[name] = {"task": name, **times, "attempts": earlier + 1, "outcome": "running"}
        elif task:
            began, ended = map(datetime.datetime.fromisoformat, (task["started_at"], at))
            seconds = max(0.0, round((ended - began).total_seconds(), 3))  # a clock was set back
            task |= {"ended_at": at, "seconds": seconds, "outcome": event["event"]}
    return list(tasks.values())
