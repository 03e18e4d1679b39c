"""Ranges of dates: what is missing of thousands is found by a listing, and only that is made."""

from __future__ import annotations

import datetime
import json
import re
from pathlib import Path
from typing import Any

import pytest
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb
from support.lists import list_path
from support.luigi_runs import LuigiRun
from support.luigid_process import our_luigid, plain_luigid

from pipeline.paths import Layout

SUNDAY = datetime.date(2024, 1, 7)
DAY = datetime.timedelta(days=1)


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
    days = re.findall(r"TMDB movies of (\S+)", done.out)
    assert days == sorted(IN_ORDER, reverse=True)


def test_a_day_that_fails_does_not_keep_later_days_from_being_collected(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    layout = Layout(data_dir)
    list_path(layout, "trending", SUNDAY - DAY).mkdir(parents=True)
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


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("RangeDaily", "--start", "2024-13-01"),
            "'2024-13-01' is no day of the years 1900",
        ),
        (("RangeWeekly",), "This range cannot be planned: At least one of start and stop"),
        (("RangeWeekly", "--start", "2024-01-07", "--weekday", "soon"), "soon"),
    ],
)
def test_a_wrong_range_is_reported_in_a_sentence(
    luigi_run: LuigiRun, arguments: tuple[str, ...], sentence: str
) -> None:
    done = luigi_run(*arguments)
    assert done.status != 0
    assert sentence in done.output
    assert "Traceback" not in done.output


def test_our_luigid_accepts_ranges(
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
