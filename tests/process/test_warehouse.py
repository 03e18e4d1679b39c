"""The warehouse by luigi, by the schedule, and by `tmdb-pipeline query`."""

from __future__ import annotations

import datetime
from pathlib import Path

from support.warehouse import (
    ALL,
    assert_killed_loads_leave_whole_periods,
    expected_views,
    load_at_once,
    views_of,
)

from pipeline.warehouse.store import Warehouse

FIRST, SECOND = datetime.date(2024, 1, 6), datetime.date(2024, 1, 7)
JOBS = (
    *(("DailySummary", str(FIRST)), ("DailySummary", str(SECOND))),
    ("WeeklyConsolidation", str(SECOND)),
)


def test_loads_that_were_killed_leave_only_whole_periods(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    assert_killed_loads_leave_whole_periods(Warehouse(path, None), path, None)


def test_two_processes_that_load_at_once_both_succeed(tmp_path: Path) -> None:
    path = tmp_path / "warehouse.sqlite"
    load_at_once(path)
    assert views_of(Warehouse(path, None)) == expected_views(ALL)
