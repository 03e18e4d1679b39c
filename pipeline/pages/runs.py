"""The run record as far as a page shows it: the last run of each root task and date."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from pipeline.documents import json_text
from pipeline.documents.task_runs import ALREADY_RUNNING, is_paused
from pipeline.pages.coerce import as_date, as_dict, as_int, as_text

ROOT_TASKS = ("DailySummary", "WeeklyConsolidation")


@dataclass(frozen=True)
class Run:
    """The last run of a root task for a date; `status` is None while it is running."""

    task: str
    date: datetime.date
    status: int | None
    log: str


def read_runs(record: bytes, dates: Collection[datetime.date]) -> list[Run]:
    """Return the last run of each root task and date; a line of another form is skipped.

    So is a run that did nothing, because another one was in progress or the schedule was paused.
    """
    runs: dict[tuple[str, datetime.date], Run] = {}
    for line in record.splitlines():
        try:
            entry = as_dict(json_text.decode(line))
        except ValueError:
            continue
        date, task = as_date(entry.get("date")), as_text(entry.get("task"))
        if date and date in dates and task in ROOT_TASKS:
            status = as_int(entry.get("status")) if entry.get("event") == "ended" else None
            if status == ALREADY_RUNNING or is_paused(status, as_text(entry.get("reason"))):
                continue
            runs[task, date] = Run(task, date, status, as_text(entry.get("log")))
    return list(runs.values())
