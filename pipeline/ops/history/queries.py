"""The runs that are read from the events of the history."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, Subquery, case, func, literal_column, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from pipeline.ops.history.events import naive_utc, name_key, task_key
from pipeline.ops.history.schema import EVENTS, FAILURES, PARAMETERS, TASKS

_UNREPORTED = "How this run ended was never reported."


class Run(NamedTuple):
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
    """Return the query of the fields of runs, newest first; None is no condition."""
    conditions = []
    if family is not None:
        conditions.append(TASKS.c.name == name_key(family))
    if task_id is not None:
        conditions.append(TASKS.c.task_id == task_key(task_id))
    step = _steps(*conditions).c
    has_run, at = step.event_name == "RUNNING", func.timezone("UTC", step.ts)
    is_end = step.event_name.in_(("DONE", "FAILED"))
    never_ran = is_end & step.prior_name.is_distinct_from("RUNNING")
    waits = (step.event_name == "PENDING") & step.next_id.is_(None)
    is_unreported = has_run & (step.next_name == "RUNNING")
    is_reported = has_run & (step.next_name != "RUNNING")
    by_name = aggregate_order_by(PARAMETERS.c.value, PARAMETERS.c.name)
    params = select(func.json_object_agg(PARAMETERS.c.name, by_name))
    params = params.where(PARAMETERS.c.task_id == step.record)
    fields = (  # in the order of those of `Run`
        func.coalesce(step.task_id, ""),
        step.name,
        func.coalesce(params.scalar_subquery(), literal_column("'{}'")),
        step.host,
        case((has_run, at)),
        case((is_end, at), (is_reported, func.timezone("UTC", step.next_ts))),
        case(
            (~has_run | step.next_id.is_(None), step.event_name),
            (step.next_name.in_(("DONE", "PENDING")), step.next_name),
            else_="FAILED",
        ),
        func.coalesce(FAILURES.c.attempt, step.nth),
        case((is_unreported, _UNREPORTED), else_=FAILURES.c.reason),
        at,
    )
    end = case((has_run, step.next_id), else_=step.id)
    span = [step.ts < naive_utc(before)] if before else []
    return (
        select(*fields)
        .outerjoin(FAILURES, FAILURES.c.event_id == end)
        .where(has_run | never_ran | waits, *span)
        .order_by(step.ts.desc(), step.id.desc())
        .limit(limit)
    )


def select_left_running(before: datetime) -> Select[Any]:
    """Return the query of tasks that ran at an instant and of which no end was reported since."""
    step = _steps().c
    began_anew = (step.next_ts >= before) & step.next_name.not_in(("DONE", "FAILED"))
    ran = (step.event_name == "RUNNING") & (step.ts < before)
    left = ran & (step.next_id.is_(None) | began_anew)
    return select(step.record, step.task_id).distinct().where(left)


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
