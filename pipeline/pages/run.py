"""A run as a timeline: each task with a bar from its beginning to its end."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from pipeline.pages.language import NOTHING, Language
from pipeline.pages.reading import Document, instant, number, objects, text_of, whole

_MOST_TASKS = 60
_NARROWEST = 0.6


class Task(NamedTuple):
    """One task; `left` and `width` of its bar are percentages of the whole run."""

    name: str
    left: float
    width: float
    began: str
    took: str
    attempts: str
    outcome: str
    kind: str


def run_of(say: Language, execution: Document) -> list[Task]:
    """Return the tasks in the order of their beginnings."""
    tasks = objects(execution.get("tasks"))[:_MOST_TASKS]
    begun = [(at, task) for task in tasks if (at := instant(task.get("started_at")))]
    begun.sort(key=lambda each: each[0])
    if not begun:
        return []
    first = begun[0][0]
    whole_run = max((at - first).total_seconds() + _seconds(task) for at, task in begun) or 1.0
    return [_task(say, task, at, (at - first).total_seconds(), whole_run) for at, task in begun]


def _task(
    say: Language, task: Document, at: datetime.datetime, after: float, whole_run: float
) -> Task:
    kind = text_of(task.get("outcome"), 20)
    attempts = whole(task.get("attempts"))
    width = max(_NARROWEST, 100 * _seconds(task) / whole_run)
    return Task(
        name=text_of(task.get("task"), 60) or NOTHING,
        left=round(min(100 * after / whole_run, 100 - _NARROWEST), 2),
        width=round(min(width, 100.0), 2),
        began=say.clock(at),
        took=say.seconds(number(task.get("seconds"))),
        attempts=say.number(attempts),
        outcome=say.among("outcome", kind) or NOTHING,
        kind=kind if kind in ("done", "failed", "running") else "unknown",
    )


def _seconds(task: Document) -> float:
    return max(number(task.get("seconds")) or 0.0, 0.0)
