"""A run as a timeline: each task with a bar from its beginning to its end."""

from __future__ import annotations

import datetime
from typing import NamedTuple

from pipeline.pages.coerce import Document, as_dicts, as_float, as_instant, as_int, as_text
from pipeline.pages.i18n import NO_VALUE, Translator

_MAX_TASKS = 60
_MIN_WIDTH = 0.6


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


def build_timeline(t: Translator, execution: Document) -> list[Task]:
    """Return the tasks of a run by the time at which they began."""
    tasks = as_dicts(execution.get("tasks"))[:_MAX_TASKS]
    begun = [(at, task) for task in tasks if (at := as_instant(task.get("started_at")))]
    begun.sort(key=lambda each: each[0])
    if not begun:
        return []
    start = begun[0][0]
    length = max((at - start).total_seconds() + _read_seconds(task) for at, task in begun) or 1.0
    return [_build_task(t, task, at, start, length) for at, task in begun]


def _build_task(
    t: Translator, task: Document, at: datetime.datetime, start: datetime.datetime, length: float
) -> Task:
    outcome = as_text(task.get("outcome"), 20)
    left = 100 * (at - start).total_seconds() / length
    width = max(_MIN_WIDTH, 100 * _read_seconds(task) / length)
    return Task(
        name=as_text(task.get("task"), 60) or NO_VALUE,
        left=round(min(left, 100 - _MIN_WIDTH), 2),
        width=round(min(width, 100.0), 2),
        began=t.clock(at),
        took=t.seconds(as_float(task.get("seconds"))),
        attempts=t.number(as_int(task.get("attempts"))),
        outcome=t.enum("outcome", outcome) or NO_VALUE,
        kind=outcome if outcome in ("done", "failed", "running") else "unknown",
    )


def _read_seconds(task: Document) -> float:
    return max(as_float(task.get("seconds")) or 0.0, 0.0)
