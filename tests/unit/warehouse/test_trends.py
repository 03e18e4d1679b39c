"""The figures of the page of trends, read from SQLite."""

from __future__ import annotations

import datetime
from pathlib import Path

from support.trends import assert_figures_are_those_of_the_documents
from support.warehouse import ALL, SUNDAY, load

from pipeline.warehouse.rows import DAY
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.trends import read_trends


def test_the_figures_are_those_of_the_documents_up_to_the_date(tmp_path: Path) -> None:
    assert_figures_are_those_of_the_documents(Warehouse(tmp_path / "warehouse.sqlite", None))


def test_what_is_older_than_ninety_days_is_not_shown(tmp_path: Path) -> None:
    warehouse = Warehouse(tmp_path / "warehouse.sqlite", None)
    load(warehouse, [each for each in ALL if each.period == DAY])
    trends = read_trends(warehouse, SUNDAY + datetime.timedelta(days=90))
    assert {day for line in trends.ranks.values() for day in line} == {SUNDAY}
    assert [*trends.day_scores] == [SUNDAY]
    assert trends.gains == []


def test_nothing_is_loaded(tmp_path: Path) -> None:
    trends = read_trends(Warehouse(tmp_path / "warehouse.sqlite", None), SUNDAY)
    assert not any(trends)
