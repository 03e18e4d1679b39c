"""The events and runs of the history: events are written, runs are read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

LONGEST_REASON = 2_000
"""Characters of a failure's reason that are kept."""

_LONGEST_VALUE = 10_000
_LONGEST_TASK_ID = 200
_LONGEST_NAME = 128
"""Luigi's columns hold so many characters."""

_HASH_OF_TASK_ID = 11
"""Length of the end of a task id of luigi: an underscore and ten characters that identify it."""


@dataclass(frozen=True)
class Event:
    """One thing that happened to a task, at an instant in UTC.

    Task, name and instant together are the event's identity: writing it twice keeps it once. So
    each event needs an instant of its own. `attempt` of None is counted by the database, `host` of
    None leaves the host that is known.
    """

    task_id: str
    family: str
    params: Mapping[str, str]
    host: str | None
    name: str
    at: datetime
    attempt: int | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Run:
    """One attempt at a task: that it began, and what ended it.

    Without `started_at` the task never ran: DONE says that its file was there already, FAILED that
    it could not be scheduled, PENDING that it still waits. Without `ended_at` a FAILED run's end
    was never reported. `attempt` counts how often the task began up to here, 0 where it never did.
    Runs are sorted by `recorded_at`.
    """

    task_id: str
    family: str
    params: dict[str, str]
    host: str | None
    started_at: datetime | None
    ended_at: datetime | None
    outcome: str
    attempt: int
    reason: str | None
    recorded_at: datetime | None = None


@dataclass(frozen=True)
class TaskRecord:
    """A task that the history knows. `record` is its number in the table `tasks`."""

    record: int
    task_id: str
    family: str
    host: str | None
    params: dict[str, str]


@dataclass(frozen=True)
class TaskEvent:
    """One event of a task, as its page shows it."""

    name: str
    at: datetime
    attempt: int | None
    reason: str | None


def naive_utc(at: datetime) -> datetime:
    """Return an instant as the tables hold it."""
    return at.astimezone(UTC).replace(tzinfo=None)


def task_key(task_id: str) -> str:
    """Return a task's id as it fits its column, cut in the middle: its end identifies it."""
    text = storable(task_id)
    if len(text) <= _LONGEST_TASK_ID:
        return text
    return text[: _LONGEST_TASK_ID - _HASH_OF_TASK_ID] + text[-_HASH_OF_TASK_ID:]


def name_key(name: str) -> str:
    """Return a name (family, parameter, host) as it fits its column."""
    return storable(name)[:_LONGEST_NAME]


def parameters(params: Mapping[str, str]) -> dict[str, str]:
    """Return parameters as they fit their columns."""
    return {name_key(name): storable(value)[:_LONGEST_VALUE] for name, value in params.items()}


def storable(text: str) -> str:
    """Return the text without what PostgreSQL refuses: NUL, and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "backslashreplace").decode("utf-8")
