"""A year of nights in small: cron around the odd days of the calendar, and a few nights.

`make year` lives through a whole year, with luigid and PostgreSQL.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
from conftest import REPOSITORY
from trials.year import cron, nights
from trials.year.clock import Clock
from trials.year.days import Calendar
from trials.year.host import Host
from trials.year.ledger import DAILY, WEEKLY

from pipeline.ops.schedule import schedules

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul")
YEAR = [datetime.date(2020, 2, 1) + datetime.timedelta(each) for each in range(371)]
"""With a leap day, both changes of the clocks, the year's end and an ISO week 53."""

CRONTAB = cron.read(REPOSITORY / "config/crontab")


@pytest.fixture
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def times(family: str, clock: Clock, day: datetime.date) -> list[str]:
    """When cron starts a root task between that noon and the next."""
    since = clock.at(day, 12)
    until = clock.at(day + datetime.timedelta(1), 12)
    return [each.isoformat() for each in CRONTAB.job(family).times(since, until)]


def test_the_crontab_is_read_as_cron_reads_it() -> None:
    daily = CRONTAB.job(DAILY)
    assert (daily.schedule, CRONTAB.job(WEEKLY).schedule) == ("0 2 * * *", "0 3 * * 0")
    assert "DAY=$(date +%F)" in daily.command
    assert CRONTAB.variables["LIMIT"] == "timeout --kill-after=60 8h"
    assert len(CRONTAB.jobs) == 4


@pytest.mark.parametrize(
    ("family", "eve", "expected"),
    [
        (DAILY, "2020-02-28", ["2020-02-29T02:00:00+01:00"]),
        (DAILY, "2020-03-28", ["2020-03-29T03:00:00+02:00"]),
        (WEEKLY, "2020-03-28", ["2020-03-29T03:00:00+02:00"]),
        (DAILY, "2020-10-24", ["2020-10-25T02:00:00+02:00"]),
        (WEEKLY, "2020-10-24", ["2020-10-25T03:00:00+01:00"]),
        (DAILY, "2020-12-31", ["2021-01-01T02:00:00+01:00"]),
        (WEEKLY, "2021-01-02", ["2021-01-03T03:00:00+01:00"]),
        (WEEKLY, "2021-01-03", []),
    ],
)
def test_what_cron_starts_in_an_odd_night(
    tmp_path: Path, family: str, eve: str, expected: list[str]
) -> None:
    day = datetime.date.fromisoformat(eve)
    clock = Clock(
        tmp_path / "clock", "Europe/Berlin", datetime.datetime(2020, 2, 1, 12).astimezone()
    )
    assert times(family, clock, day) == expected


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_our_reader_of_the_crontab_finds_the_times_of_cron(zone: str, tmp_path: Path) -> None:
    """All year, so also in nights without two o'clock and with two of them."""
    clock = Clock(tmp_path / "clock", zone, datetime.datetime(2020, 2, 1).astimezone())
    ours = schedules(REPOSITORY / "config/crontab")
    for family in (DAILY, WEEKLY):
        since = clock.at(YEAR[0], 0) - datetime.timedelta(seconds=1)
        theirs = CRONTAB.job(family).times(since, clock.at(YEAR[-1] + datetime.timedelta(1), 0))
        found = [each for day in YEAR for each in ours[family].times(day)]
        assert [each.timestamp() for each in found] == [each.timestamp() for each in theirs]


def test_much_befalls_in_a_year_and_the_same_by_the_same_seed() -> None:
    plan = nights.plan(YEAR, Random(1), services=True)
    assert list(plan) == YEAR
    assert set(plan.values()) == {*nights.NIGHTS, *nights.OF_SERVICES, *nights.OF_THE_DAY}
    assert plan == nights.plan(YEAR, Random(1), services=True)
    assert plan != nights.plan(YEAR, Random(2), services=True)


@pytest.mark.run
@pytest.mark.parametrize(
    ("first", "befalls"),
    [
        ("2020-10-24", ["quiet", "quiet"]),
        ("2021-01-02", ["quiet", "killed", nights.BACK_A_DAY, "quiet"]),
    ],
    ids=["summer time ends", "week 53"],
)
def test_a_few_nights(tmp_path: Path, first: str, befalls: list[str]) -> None:
    start = datetime.date.fromisoformat(first)
    plan = {start + datetime.timedelta(n): name for n, name in enumerate(befalls)}
    at = datetime.datetime.combine(start, datetime.time(0), datetime.UTC)
    with Host(tmp_path / "host", "Europe/Berlin", at, services=False) as host:
        calendar = Calendar(host, plan, seed=1)
        calendar.live()
        judge = calendar.judge
        there = [root for day in plan for root in calendar.due(day) if judge.is_there(root)]
    assert (judge.lost, judge.broken, judge.unexplained) == ([], [], [])
    assert (DAILY, start) in there
    assert calendar.repeated > 0
