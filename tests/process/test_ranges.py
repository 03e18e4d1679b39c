"""Ranges of dates: what is missing of thousands is found by a listing, and only that is made."""

from __future__ import annotations

import datetime
import json
import os
import re
from pathlib import Path
from typing import Any

import luigi
import pytest
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun
from support.luigid_process import our_luigid, plain_luigid

import pipeline
from pipeline.errors import NotPossible
from pipeline.layout import Layout
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
    assert listed == [layout.daily_summary(SUNDAY).parent]


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


def test_a_range_makes_what_is_missing_and_nothing_else(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    layout = Layout(data_dir)
    span = ("--start", "2024-01-05", "--stop", "2024-01-09")
    assert luigi_run("DailySummary", "--date", "2024-01-06").status == 0
    asked = len(tmdb.requests)
    done = luigi_run("RangeDaily", *span)
    assert done.status == 0, done.output
    assert len(tmdb.requests) == asked + 3 * 6
    assert all(layout.daily_summary(SUNDAY + number * DAY).exists() for number in (-2, -1, 0, 1))
    again = luigi_run("RangeDaily", *span)
    assert (again.status, len(tmdb.requests)) == (0, asked + 3 * 6)
    assert "Warning" not in done.output + again.output


FOUR_DAYS = ("--start", "2024-01-05", "--stop", "2024-01-09")


def compared_with(layout: Layout) -> dict[str, str | None]:
    """With which day each day of the range was compared."""
    summaries = sorted(layout.daily_summary(SUNDAY).parent.glob("*.json"))
    documents = [json.loads(path.read_bytes()) for path in summaries]
    return {each["summary_date"]: each["changes"]["popular"]["since"] for each in documents}


IN_ORDER = {
    "2024-01-05": None,
    "2024-01-06": "2024-01-05",
    "2024-01-07": "2024-01-06",
    "2024-01-08": "2024-01-07",
}


@pytest.mark.parametrize("workers", ["1", "4"])
def test_a_range_begins_with_the_oldest_day_so_that_each_has_a_day_before(
    luigi_run: LuigiRun, data_dir: Path, workers: str
) -> None:
    """And lists that are the same are named from the third on."""
    done = luigi_run("RangeDaily", *FOUR_DAYS, "--workers", workers)
    assert done.status == 0, done.output
    layout = Layout(data_dir)
    assert compared_with(layout) == IN_ORDER
    documents = (json.loads(layout.validation_report(SUNDAY + n * DAY).read_bytes()) for n in
                 range(-2, 2))  # fmt: skip
    repeated = [check["success"] for each in documents for check in each["checks"]
                if check["id"] == "repeated"]  # fmt: skip
    assert repeated == [True, True, False, False]


def test_a_range_in_reverse_begins_with_the_newest_day(luigi_run: LuigiRun, data_dir: Path) -> None:
    done = luigi_run("RangeDaily", *FOUR_DAYS, "--reverse", "--workers", "4")
    assert done.status == 0, done.output
    days = re.findall(r"TMDB films of (\S+)", done.out)
    assert days == sorted(IN_ORDER, reverse=True)


def test_a_day_that_fails_does_not_keep_later_days_from_being_collected(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    layout = Layout(data_dir)
    layout.trending(SUNDAY - DAY).mkdir(parents=True)
    done = luigi_run("RangeDaily", *FOUR_DAYS, "--workers", "4")
    assert done.status == 30
    expected = {day: since for day, since in IN_ORDER.items() if day != "2024-01-06"}
    assert compared_with(layout) == expected


def test_a_range_of_weeks_begins_with_the_oldest(
    luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    done = luigi_run("RangeWeekly", "--start", "2024-01-01", "--stop", "2024-01-22",
                     "--workers", "4", TMDB_API_KEY="demo",
                     PIPELINE_CONFIG_DIR=str(data_roots.small_plan))  # fmt: skip
    assert done.status == 0, done.output
    layout = Layout(data_dir)
    weeks = [layout.consolidated(SUNDAY + number * 7 * DAY) for number in range(3)]
    made = [path.stat().st_mtime_ns for path in weeks]
    assert made == sorted(made)


@pytest.mark.parametrize(("daemon", "workers"), [(our_luigid, "4"), (plain_luigid, "1")])
def test_with_luigid_a_range_begins_with_the_oldest_day_too(
    luigi_run: LuigiRun, tmp_path: Path, data_dir: Path, workers: str, daemon: Any
) -> None:
    with daemon(tmp_path / "luigid") as luigid:
        done = luigi_run("RangeDaily", *FOUR_DAYS, "--workers", workers,
                         "--scheduler-url", luigid.url, local=False)  # fmt: skip
    assert done.status == 0, done.output
    assert compared_with(Layout(data_dir)) == IN_ORDER


def test_outside_of_its_range_a_day_waits_for_no_other(layout: Layout) -> None:
    found = RangeDaily(start=SUNDAY, stop=SUNDAY + 2 * DAY, now=NOON)
    first, second = found.requires()
    assert first.priority > second.priority > 0
    assert first.resources == second.resources != {}
    other = pipeline.DailySummary(date=SUNDAY - DAY)
    assert (other.priority, other.resources) == (0, {})


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("RangeDaily", "--start", "2024-13-01"), "'2024-13-01' is no day of the calendar"),
        (("RangeWeekly",), "This range cannot be planned: At least one of start and stop"),
        (("RangeWeekly", "--start", "2024-01-07", "--weekday", "soon"), "soon"),
    ],
)
def test_a_wrong_range_is_told_in_a_sentence(
    luigi_run: LuigiRun, arguments: tuple[str, ...], sentence: str
) -> None:
    done = luigi_run(*arguments)
    assert done.status != 0
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_our_luigid_takes_ranges_on(
    luigi_run: LuigiRun, tmp_path: Path, data_dir: Path, data_roots: DataRoots
) -> None:
    with our_luigid(tmp_path / "luigid") as luigid:
        done = luigi_run(
            *("RangeWeekly", "--start", "2024-01-07", "--stop", "2024-01-08"),
            *("--scheduler-url", luigid.url),
            local=False,
            PIPELINE_CONFIG_DIR=str(data_roots.small_plan),
        )
    assert done.status == 0, done.output
    assert Layout(data_dir).consolidated(SUNDAY).exists()
