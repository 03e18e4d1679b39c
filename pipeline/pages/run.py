"""The tasks of a run as rows of a table."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.pages.coerce import Document, as_dicts, as_float, as_instant, as_int, as_text
from pipeline.pages.i18n import NO_VALUE, Translator

_MAX_TASKS = 60


@dataclass(frozen=True)
class Task:
    """One task of a run."""

    name: str
    began: str
    took: str
    attempts: str
    outcome: str
    kind: str


def read_tasks(t: Translator, execution: Document) -> list[Task]:
    """Return the tasks of a run by the time at which they began."""
    tasks = as_dicts(execution.get("tasks"))[:_MAX_TASKS]
    begun = [(at, task) for task in tasks if (at := as_instant(task.get("started_at")))]
    begun.sort(key=lambda each: each[0])
    return [
        Task(
            name=as_text(task.get("task"), 60) or NO_VALUE,
            began=t.clock(at),
            took=t.seconds(as_float(task.get("seconds"))),
            attempts=t.number(as_int(task.get("attempts"))),
            outcome=t.enum("outcome", outcome := as_text(task.get("outcome"), 20)) or NO_VALUE,
            kind=outcome if outcome in ("done", "failed", "running") else "unknown",
        )
        for at, task in begun
    ]
