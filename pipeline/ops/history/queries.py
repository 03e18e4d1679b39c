"""The runs and events that are read from the history."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select

from pipeline.ops.history.events import naive_utc, name_key, task_key
from pipeline.ops.history.schema import EVENTS, FAILURES, TASKS

_OUTCOMES = {"DONE": "DONE", "FAILED": "FAILED", "DISABLED": "FAILED", "PENDING": "PENDING"}
"""The outcome of a run, by the event that follows RUNNING."""

_END_UNKNOWN = "How this run ended was never reported."


@dataclass(frozen=True)
class Run:
    """One attempt at a task: that it began, and what ended it.

    Without `started_at` the task never ran: it was done before, could not be planned, or waits.
    Without `ended_at` a FAILED run's end was never reported. `attempt` counts the beginnings.
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

    @property
    def began_at(self) -> datetime:
        """Return when it began, or was recorded where it never began."""
        return self.started_at or self.recorded_at or datetime.min.replace(tzinfo=UTC)

    @property
    def seconds(self) -> float | None:
        """Return its duration; None while it runs or where it is not known."""
        if self.started_at is None or self.ended_at is None:
            return None
        return max(0.0, round((self.ended_at - self.started_at).total_seconds(), 3))

    @property
    def label(self) -> str:
        """Return the task's name, with its genre or list where it has one."""
        name = self.params.get("genre") or self.params.get("list")
        return f"{self.family}({name})" if name else self.family


def select_steps(*conditions: ColumnElement[bool]) -> Subquery:
    """Return each event with those before and after it of the same task.

    `nth` counts the RUNNING events up to it. The conditions have to keep or drop whole tasks.
    """
    event = EVENTS.c
    of_task: dict[str, Any] = {"partition_by": event.task_id, "order_by": (event.ts, event.id)}
    return (
        select(
            event.id,
            event.task_id,
            event.event_name,
            event.ts,
            func.lag(event.event_name).over(**of_task).label("prior_name"),
            func.lead(event.id).over(**of_task).label("next_id"),
            func.lead(event.event_name).over(**of_task).label("next_name"),
            func.lead(event.ts).over(**of_task).label("next_ts"),
            func.count().filter(event.event_name == "RUNNING").over(**of_task).label("nth"),
        )
        .where(*conditions)
        .subquery("steps")
    )


def select_runs(
    since: datetime | None,
    before: datetime | None,
    family: str | None,
    task_id: str | None,
    limit: int | None,
) -> Select[Any]:
    """Return the query of runs, newest first; None is no condition."""
    of_tasks = []
    if since:
        recent = select(EVENTS.c.task_id).where(EVENTS.c.ts >= naive_utc(since))
        of_tasks.append(EVENTS.c.task_id.in_(recent))
    if family is not None:
        of_tasks.append(EVENTS.c.task_id.in_(_tasks(TASKS.c.name == name_key(family))))
    if task_id is not None:
        of_tasks.append(EVENTS.c.task_id.in_(_tasks(TASKS.c.task_id == task_key(task_id))))
    step = select_steps(*of_tasks).c
    ran = step.event_name == "RUNNING"
    never_ran = step.event_name.in_(("DONE", "FAILED")) & step.prior_name.is_distinct_from(
        "RUNNING"
    )
    waits = (step.event_name == "PENDING") & step.next_id.is_(None)
    query = (
        select(
            TASKS.c.id.label("record"),
            TASKS.c.task_id,
            TASKS.c.name,
            TASKS.c.host,
            *(step.event_name, step.ts, step.next_name, step.next_ts, step.nth),
            *(FAILURES.c.attempt, FAILURES.c.reason),
        )
        .join(TASKS, TASKS.c.id == step.task_id)
        .outerjoin(FAILURES, FAILURES.c.event_id == case((ran, step.next_id), else_=step.id))
        .where(or_(ran, never_ran, waits))
        .order_by(step.ts.desc(), step.id.desc())
        .limit(limit)
    )
    if since:
        query = query.where(step.ts >= naive_utc(since))
    if before:
        query = query.where(step.ts < naive_utc(before))
    return query


def select_left_running(before: datetime) -> Select[Any]:
    """Return the query of tasks that ran at an instant and of which no end was reported since."""
    steps = select_steps()
    step = steps.c
    unended = or_(
        step.next_id.is_(None),
        and_(step.next_ts >= before, step.next_name.not_in(("DONE", "FAILED"))),
    )
    return (
        select(TASKS.c.id, TASKS.c.task_id)
        .distinct()
        .join(steps, TASKS.c.id == step.task_id)
        .where(step.event_name == "RUNNING", step.ts < before, unended)
    )


def run_of(row: Mapping[Any, Any], params: dict[str, str]) -> Run:
    """Return the run of a row of `select_runs`."""
    outcome, reason, ended_at = _end_of(row)
    began_at = row["ts"].replace(tzinfo=UTC)
    return Run(
        task_id=row["task_id"] or "",
        family=row["name"],
        params=params,
        host=row["host"],
        started_at=began_at if row["event_name"] == "RUNNING" else None,
        ended_at=ended_at.replace(tzinfo=UTC) if ended_at else None,
        outcome=outcome,
        attempt=row["attempt"] or row["nth"],
        reason=reason,
        recorded_at=began_at,
    )


def _tasks(condition: ColumnElement[bool]) -> Select[Any]:
    return select(TASKS.c.id).where(condition)


def _end_of(row: Mapping[Any, Any]) -> tuple[str, str | None, datetime | None]:
    """Return outcome, reason and instant of a run's end."""
    if row["event_name"] == "PENDING":
        return "PENDING", None, None
    if row["event_name"] != "RUNNING":
        return row["event_name"], row["reason"], row["ts"]
    if row["next_name"] is None:
        return "RUNNING", None, None
    if row["next_name"] not in _OUTCOMES:
        return "FAILED", _END_UNKNOWN, None
    return _OUTCOMES[row["next_name"]], row["reason"], row["next_ts"]
