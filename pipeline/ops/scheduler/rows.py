"""Between events and runs on one side, and the rows of the tables on the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pipeline.ops.scheduler.events import LONGEST_REASON, Event, Run, name_key, storable, task_key

_ENDS = {"DONE": "DONE", "FAILED": "FAILED", "DISABLED": "FAILED", "PENDING": "PENDING"}
"""The outcome of a run, by the event that follows RUNNING."""

_END_UNKNOWN = "How this run ended was never reported."

Given = tuple[int, str, datetime]
"""An event as it is written: number of its task, name, instant."""


def first_of_each(events: Sequence[Event]) -> dict[str, Event]:
    """Return each task's first event, by the task's key, in order."""
    found: dict[str, Event] = {}
    for each in events:
        found.setdefault(task_key(each.task_id), each)
    return found


def hosts(events: Sequence[Event], records: Mapping[str, int]) -> list[tuple[int, str]]:
    """Return the last host reported for each task, by the number of the task."""
    last = {records[task_key(each.task_id)]: each.host for each in events if each.host}
    return [(record, name_key(host)) for record, host in last.items() if host]


def failures(
    events: Sequence[Event], given: Sequence[Given]
) -> list[tuple[int, str, datetime, int | None, str | None]]:
    """Return what is kept of failures, beside their events."""
    return [
        (*row, event.attempt, event.reason and storable(event.reason)[:LONGEST_REASON])
        for event, row in zip(events, given, strict=True)
        if event.name == "FAILED" or event.reason
    ]


def run_of(row: Mapping[str, Any], params: dict[str, str]) -> Run:
    """Return the run of a row of `sql.RUNS`."""
    outcome, reason, ended_at = _end_of(row)
    return Run(
        task_id=row["task_id"] or "",
        family=row["family"],
        params=params,
        host=row["host"],
        started_at=_utc(row["began_at"]) if row["began_as"] == "RUNNING" else None,
        ended_at=_utc(ended_at) if ended_at else None,
        outcome=outcome,
        attempt=row["attempt"] or row["nth"],
        reason=reason,
        recorded_at=_utc(row["began_at"]),
    )


def _end_of(row: Mapping[str, Any]) -> tuple[str, str | None, datetime | None]:
    """Return outcome, reason and instant of a run's end."""
    if row["began_as"] == "PENDING":
        return "PENDING", None, None
    if row["began_as"] != "RUNNING":
        return row["began_as"], row["reason"], row["began_at"]
    if row["ended_as"] is None:
        return "RUNNING", None, None
    if row["ended_as"] not in _ENDS:
        return "FAILED", _END_UNKNOWN, None
    return _ENDS[row["ended_as"]], row["reason"], row["ended_at"]


def _utc(naive: datetime) -> datetime:
    return naive.replace(tzinfo=UTC)
