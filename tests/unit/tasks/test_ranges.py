"""Ranges of dates: what is missing of thousands is found by a listing."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Any

import luigi
import pytest

import pipeline
from pipeline.errors import NotPossible
from pipeline.paths import Layout
from pipeline.tasks.ranges import RangeDaily, RangeWeekly

SUNDAY = datetime.date(2024, 1, 7)
DAY = datetime.timedelta(days=1)
NOON = int(datetime.datetime(2024, 1, 17, 12, tzinfo=datetime.UTC).timestamp())


def touch(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.fixture
def layout(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("TMDB_API_KEY", "demo")
    return Layout(data_dir)


TASKS: list[tuple[Any, dict[str, str]]] = [
    (pipeline.PopularMovies, {}),
    (pipeline.TrendingMovies, {}),
    (pipeline.ValidationReport, {}),
    (pipeline.DailySummary, {}),
    (pipeline.GenreMovies, {"genre": "action"}),
    (pipeline.TopRatedMovies, {}),
    (pipeline.WeeklyValidationReport, {}),
    (pipeline.WeeklyConsolidation, {}),
    (pipeline.ExportDay, {}),
    (pipeline.ExportWeek, {}),
    (pipeline.DailyPage, {}),
    (pipeline.WeeklyPage, {}),
    (pipeline.IndexPage, {}),
]


@pytest.mark.parametrize(("task", "more"), TASKS, ids=[task.__name__ for task, _ in TASKS])
def test_in_bulk_the_same_days_are_done_as_one_by_one(
    layout: Layout, task: Any, more: dict[str, str]
) -> None:
    days = [SUNDAY + number * DAY for number in range(-40, 40)]
    for day in days[::3]:
        touch(Path(task(date=day, **more).output().path))
    found = RangeDaily(of=task, of_params=more, start=days[0], stop=days[-1] + DAY, now=NOON)
    each = [day for day in days if day <= datetime.date(2024, 1, 17)]
    missing = [day for day in each if not task(date=day, **more).complete()]
    assert [required.date for required in found.requires()] == missing


def test_ten_years_are_checked_by_one_listing(
    layout: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = [SUNDAY - number * DAY for number in range(3650)]
    for day in days:
        touch(layout.daily_summary(day))
    layout.daily_summary(days[1234]).unlink()
    listed: list[Any] = []
    really = os.listdir

    def listdir(path: Any) -> list[str]:
        listed.append(path)
        return really(path)

    with monkeypatch.context() as spied:
        spied.setattr(os, "listdir", listdir)
        spied.setattr(luigi.LocalTarget, "exists", lambda target: listed.append(target.path))
        found = RangeDaily(start=days[-1], stop=SUNDAY + DAY, now=NOON)
        assert [task.date for task in found.requires()] == [days[1234]]
    assert listed.count(layout.daily_summary(SUNDAY).parent) == 1
    assert set(listed) <= set(layout.published_folders), "no day is looked for by itself"


def test_without_a_data_root_all_is_missing(layout: Layout) -> None:
    found = RangeDaily(start=SUNDAY - 400 * DAY, stop=SUNDAY, now=NOON)
    assert len(found.requires()) == 400
    assert {type(task) for task in found.requires()} == {pipeline.DailySummary}


@pytest.mark.parametrize(
    ("weekday", "expected"),
    [
        ("sunday", ["2023-12-31", "2024-01-14"]),
        ("wednesday", ["2024-01-03", "2024-01-10", "2024-01-17"]),
    ],
)
def test_a_week_is_wanted_on_its_day_only(
    layout: Layout, weekday: str, expected: list[str]
) -> None:
    touch(layout.consolidated(SUNDAY))
    touch(layout.consolidated(SUNDAY + DAY))
    found = RangeWeekly(start=datetime.date(2023, 12, 28), weekday=weekday, now=NOON)
    assert [str(task.date) for task in found.requires()] == expected
    assert {type(task) for task in found.requires()} == {pipeline.WeeklyConsolidation}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"start": SUNDAY, "stop": SUNDAY - DAY},
        {"of": pipeline.GenreMovies, "start": SUNDAY},
    ],
)
def test_what_is_no_range_is_one_sentence(layout: Layout, given: dict[str, Any]) -> None:
    with pytest.raises(NotPossible, match=r"^This range cannot be planned: .+ --start 2024-01-07"):
        RangeDaily(**given).requires()


def test_outside_of_its_range_a_day_waits_for_no_other(layout: Layout) -> None:
    found = RangeDaily(start=SUNDAY, stop=SUNDAY + 2 * DAY, now=NOON)
    first, second = found.requires()
    assert first.priority > second.priority > 0
    assert first.resources == second.resources != {}
    other = pipeline.DailySummary(date=SUNDAY - DAY)
    assert (other.priority, other.resources) == (0, {})
