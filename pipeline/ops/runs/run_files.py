"""The last runs according to the documents, for use without a task history."""

from __future__ import annotations

import datetime
from typing import Any

from pipeline import clock
from pipeline.errors import DataError
from pipeline.ops.roots import ROOTS
from pipeline.ops.schedule.overdue import newest_day
from pipeline.paths import Layout
from pipeline.storage import documents


def last_run(family: str, layout: Layout) -> dict[str, Any] | None:
    """Return the root task's newest finished run, or None where there is no document of it.

    Only successes leave files: failures, attempts and reasons are not known from them.
    """
    root = ROOTS[family]
    day = newest_day(root, layout, clock.today())
    if day is None:
        return None
    path = root.document(layout, day)
    ended_at = datetime.datetime.fromtimestamp(path.stat().st_mtime, datetime.UTC)
    return {
        "task": family,
        "date": day.isoformat(),
        "outcome": "DONE",
        "started_at": None,
        "ended_at": ended_at.isoformat(timespec="seconds"),
        "seconds": _seconds(family, layout, day),
        "attempts": None,
        "reason": None,
        "source": "files",
    }


def _seconds(family: str, layout: Layout, day: datetime.date) -> float | None:
    """Return how long the day took; only the daily summary says so itself."""
    if family != "DailySummary":
        return None
    try:
        minutes = documents.read(layout.daily_summary(day))["execution_summary"]["duration_minutes"]
    except (DataError, KeyError, TypeError):
        return None
    return float(minutes) * 60 if isinstance(minutes, int | float) else None
