"""The runs that are read from the events of the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Subquery, and_, case, func, or_, select

from pipeline.ops.history.events import naive_utc, name_key, task_key
from pipeline.ops.history.schema import EVENTS, FAILURES, TASKS

# The outcome of a run, by the event that follows RUNNING.
_OUTCOMES = {"DONE": "DONE", "FAILED": "FAILED", "DISABLED": "FAILED", "PENDING": "PENDING"}


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
    recorded_at: datetime


def select_runs(
    family: str | None, task_id: str | None, before: datetime | None, limit: int | None
) -> Select[Any]:
    """Return the query of runs, newest first; None is no condition."""
    conditions = []
    if family is not None:
        conditions.append(TASKS.c.name == name_key(family))
    if task_id is not None:
        conditions.append(TASKS.c.task_id == task_key(task_id))
    step = _steps(*conditions).c
    ran = step.event_name == "RUNNING"
    is_end = step.event_name.in_(("DONE", "FAILED"))
    never_ran = is_end & step.prior_name.is_distinct_from("RUNNING")
    waits = (step.event_name == "PENDING") & step.next_id.is_(None)
    end = case((ran, step.next_id), else_=step.id)
    span = [step.ts < naive_utc(before)] if before else []
    return (
        select(*step, FAILURES.c.attempt, FAILURES.c.reason)
        .outerjoin(FAILURES, FAILURES.c.event_id == end)
        .where(or_(ran, never_ran, waits), *span)
        .order_by(step.ts.desc(), step.id.desc())
        .limit(limit)
    )


def select_left_running(before: datetime) -> Select[Any]:
    """Return the query of tasks that ran at an instant and of which no end was reported since."""
    step = _steps().c
    began_anew = and_(step.next_ts >= before, step.next_name.not_in(("DONE", "FAILED")))
    has_no_end = or_(step.next_id.is_(None), began_anew)
    ran = (step.event_name == "RUNNING") & (step.ts < before)
    return select(step.record, step.task_id).distinct().where(ran, has_no_end)


def run_of(row: Mapping[Any, Any], params: dict[str, str]) -> Run:
    """Return the run of a row of `select_runs`."""
    recorded_at = row["ts"].replace(tzinfo=UTC)
    has_run, next_name = row["event_name"] == "RUNNING", row["next_name"]
    outcome, reason, ended_at = row["event_name"], row["reason"], row["next_ts"]
    if outcome in ("DONE", "FAILED"):
        ended_at = row["ts"]
    elif has_run and next_name in _OUTCOMES:
        outcome = _OUTCOMES[next_name]
    elif has_run and next_name:
        outcome, ended_at = "FAILED", None
        reason = "How this run ended was never reported."
    return Run(
        task_id=row["task_id"] or "",
        family=row["name"],
        params=params,
        host=row["host"],
        started_at=recorded_at if has_run else None,
        ended_at=ended_at.replace(tzinfo=UTC) if ended_at else None,
        outcome=outcome,
        attempt=row["attempt"] or row["nth"],
        reason=reason,
        recorded_at=recorded_at,
    )


def _steps(*conditions: ColumnElement[bool]) -> Subquery:
    """Return each event with its task, and with the events of the task before and after it.

    `nth` counts the RUNNING events up to it. The conditions have to keep or drop whole tasks.
    """
    event = EVENTS.c
    of_task: dict[str, Any] = {"partition_by": event.task_id, "order_by": (event.ts, event.id)}
    columns = (
        *(TASKS.c.id.label("record"), TASKS.c.task_id, TASKS.c.name, TASKS.c.host),
        *(event.id, event.event_name, event.ts),
        func.lag(event.event_name).over(**of_task).label("prior_name"),
        func.lead(event.id).over(**of_task).label("next_id"),
        func.lead(event.event_name).over(**of_task).label("next_name"),
        func.lead(event.ts).over(**of_task).label("next_ts"),
        func.count().filter(event.event_name == "RUNNING").over(**of_task).label("nth"),
    )
    of_its_task = TASKS.c.id == event.task_id
    return select(*columns).join(TASKS, of_its_task).where(*conditions).subquery("steps")
