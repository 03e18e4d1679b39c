"""The schedule of config/crontab, and what it says was missed."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from conftest import REPOSITORY

from pipeline.errors import SettingsError
from pipeline.layout import Layout
from pipeline.ops.missed import days_there, document_of, missed
from pipeline.ops.schedule import DEFAULT, parsed, schedules

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"


@pytest.fixture(params=["UTC", "Asia/Seoul", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def local(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).astimezone()


@pytest.mark.parametrize(
    ("fields", "after", "expected"),
    [
        ("0 2 * * *", "2024-01-07T01:59:59", "2024-01-07T02:00:00"),
        ("0 2 * * *", "2024-01-07T02:00:00", "2024-01-08T02:00:00"),
        ("0 3 * * 0", "2024-01-07T02:00:00", "2024-01-07T03:00:00"),
        ("0 3 * * 7", "2024-01-07T03:00:00", "2024-01-14T03:00:00"),
        ("*/20 8-9 * * 1-5", "2024-01-06T12:00:00", "2024-01-08T08:00:00"),
        ("*/20 8-9 * * 1-5", "2024-01-08T08:00:00", "2024-01-08T08:20:00"),
        ("5,35 */12 * * *", "2024-01-08T00:06:00", "2024-01-08T00:35:00"),
        ("0 0 29 2 *", "2024-03-01T00:00:00", "2028-02-29T00:00:00"),
        ("0 4 13 * 5", "2024-01-06T00:00:00", "2024-01-12T04:00:00"),
        ("0 4 13 * 5", "2024-01-12T05:00:00", "2024-01-13T04:00:00"),
    ],
)
def test_the_next_time_is_cron_s(zone: str, fields: str, after: str, expected: str) -> None:
    assert parsed(fields).next(local(after)) == local(expected)


@pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)
def test_a_time_that_summer_time_jumps_over_is_the_one_behind_it(zone: str) -> None:
    found = parsed("0 2 * * *").next(local("2020-03-28T12:00:00"))
    assert found is not None
    assert found.isoformat() == "2020-03-29T03:00:00+02:00"


def test_a_day_that_never_comes_is_never_due() -> None:
    assert parsed("0 0 31 2 *").next(local("2024-01-01T00:00:00")) is None


@pytest.mark.parametrize(
    "fields", ["0 2 * *", "60 2 * * *", "0 24 * * *", "x 2 * * *", "0 2 5-1 * *", "*/0 2 * * *"]
)
def test_nonsense_is_refused(fields: str) -> None:
    with pytest.raises(SettingsError):
        parsed(fields)


def test_the_schedule_is_read_from_the_crontab(tmp_path: Path) -> None:
    crontab = tmp_path / "crontab"
    crontab.write_text(
        "# WeeklyConsolidation runs on Sundays, 0 9 * * 0 is a comment\n"
        "SHELL=/bin/bash\n"
        "30 4 * * *  flock -n lock luigi --module pipeline DailySummary --date $(date +\\%F)\n"
        "15 6 * * 6 pipeline-user luigi --module pipeline WeeklyConsolidation\n"
    )
    found = schedules(crontab)
    assert found[DAILY].next(local("2024-01-07T00:00")) == local("2024-01-07T04:30")
    assert found[WEEKLY].next(local("2024-01-07T00:00")) == local("2024-01-13T06:15")


def test_the_crontab_of_this_pipeline_says_two_and_three_o_clock() -> None:
    found = schedules(REPOSITORY / "config" / "crontab")
    assert found == {family: parsed(fields) for family, fields in DEFAULT.items()}


def test_without_a_crontab_the_usual_times_hold(tmp_path: Path) -> None:
    found = schedules(tmp_path / "crontab")
    assert found[DAILY].next(local("2024-01-07T00:00")) == local("2024-01-07T02:00")
    assert found[WEEKLY].next(local("2024-01-07T00:00")) == local("2024-01-07T03:00")


def has(root: Path, family: str, *days: date) -> None:
    for day in days:
        path = document_of(family, Layout(root))(day)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def told(root: Path, now: str) -> list[tuple[str, str]]:
    found = missed(Layout(root), schedules(root / "no crontab"), local(now))
    return [(family, day.isoformat()) for family, day in found]


def test_nothing_is_missed_before_there_was_anything(tmp_path: Path) -> None:
    assert told(tmp_path, "2024-01-20T12:00") == []


def test_days_and_sundays_without_their_document_are_missed(tmp_path: Path, zone: str) -> None:
    has(tmp_path, DAILY, date(2024, 1, 3), date(2024, 1, 5), date(2024, 1, 6), date(2024, 1, 8))
    has(tmp_path, WEEKLY, date(2024, 1, 14))
    assert told(tmp_path, "2024-01-09T12:00") == [
        (DAILY, "2024-01-04"),
        (DAILY, "2024-01-07"),
        (DAILY, "2024-01-09"),
        (WEEKLY, "2024-01-07"),
    ]


def test_a_run_has_two_hours_before_it_counts_as_missed(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2024, 1, 8))
    assert told(tmp_path, "2024-01-09T03:59") == []
    assert told(tmp_path, "2024-01-09T04:00") == [(DAILY, "2024-01-09")]


def test_only_fourteen_days_and_eight_sundays_are_told(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2023, 1, 1))
    found = told(tmp_path, "2024-01-31T12:00")
    days = [day for family, day in found if family == DAILY]
    sundays = [day for family, day in found if family == WEEKLY]
    assert (days[0], days[-1], len(days)) == ("2024-01-18", "2024-01-31", 14)
    assert (sundays[0], sundays[-1], len(sundays)) == ("2023-12-10", "2024-01-28", 8)


def test_files_of_others_are_no_documents(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2024, 1, 8))
    folder = Layout(tmp_path).daily_summary(date(2024, 1, 8)).parent
    for name in ("notes.json", "daily_summary_20249999.json", ".daily_summary_20240101.json.tmp"):
        (folder / name).touch()
    assert days_there(DAILY, Layout(tmp_path)) == [date(2024, 1, 8)]
