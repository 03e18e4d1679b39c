"""A year of nights in small: schedules around the odd days of the calendar, and a few nights.

`make year` lives through a whole year, with luigid and PostgreSQL.
"""

from __future__ import annotations

import datetime
import json
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from support.fake_tmdb import status
from support.lists import list_path
from support.repository import REPOSITORY
from support.schedules import times_by_day
from trials.year import due, nights, plan, schedules
from trials.year.clock import Clock
from trials.year.days import Calendar
from trials.year.due import DAILY, JOBS, WEEKLY, Root
from trials.year.host import Host
from trials.year.ledger import CATCH_UP, SCHEDULE
from trials.year.plan import Spell

from pipeline.ops.schedule.times import packaged

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Seoul")
BERLIN = ZoneInfo("Europe/Berlin")
YEAR = [datetime.date(2020, 2, 1) + datetime.timedelta(each) for each in range(371)]
"""With a leap day, both changes of the clocks, the year's end and an ISO week 53."""

CRONTAB = schedules.read_crontab(REPOSITORY / "config/crontab")

needs_systemd = pytest.mark.skipif(
    not schedules.has_systemd(), reason="systemd-analyze is not installed"
)


def times(schedule: schedules.Schedule, family: str, clock: Clock, day: str) -> list[str]:
    """When a root task is started between that noon and the next."""
    eve = datetime.date.fromisoformat(day)
    span = clock.at(eve, 12), clock.at(eve + datetime.timedelta(1), 12)
    return [each.isoformat() for each in schedule.jobs[JOBS[family]].times(*span)]


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    return Clock(tmp_path / "clock", BERLIN.key, datetime.datetime(2020, 2, 1, 12).astimezone())


def timers(clock: Clock, days: list[datetime.date]) -> schedules.Schedule:
    """Our timers, with their times around these days by systemd itself."""
    folder = REPOSITORY / "config/systemd"
    return schedules.read_units(folder, clock.zone.key, *due.around(days, clock))


def test_the_crontab_is_read_as_cron_reads_it() -> None:
    fields = {
        name: job.fields for name, job in CRONTAB.jobs.items() if isinstance(job, schedules.CronJob)
    }
    assert fields == {
        "daily": "0 2 * * *",
        "weekly": "0 3 * * 0",
        "catch-up": "40 * * * *",
        "backup": "30 4 * * *",
        "prune": "50 4 * * *",
        "watch": "30 * * * *",
    }
    daily = CRONTAB.jobs["daily"]
    assert daily.command == "tmdb-scheduled daily -- luigi --module pipeline DailySummary"
    assert daily.variables["ENVIRONMENT"] == "/run/pipeline/environment"


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
    clock: Clock, family: str, eve: str, expected: list[str]
) -> None:
    assert times(CRONTAB, family, clock, eve) == expected


@needs_systemd
@pytest.mark.parametrize(
    ("family", "eve", "expected"),
    [
        (DAILY, "2020-03-28", ["03:00:00+02:00", "04:00:00+02:00"]),
        (WEEKLY, "2020-03-28", ["03:00:00+02:00", "04:00:00+02:00", "05:00:00+02:00"]),
        (DAILY, "2020-10-24", ["02:00:00+02:00", "03:00:00+01:00", "04:00:00+01:00"]),
        (WEEKLY, "2020-10-25", []),
    ],
)
def test_what_systemd_starts_in_an_odd_night(
    clock: Clock, family: str, eve: str, expected: list[str]
) -> None:
    schedule = timers(clock, [datetime.date.fromisoformat(eve)])
    assert [each.split("T")[1] for each in times(schedule, family, clock, eve)] == expected


@pytest.mark.parametrize("zone", ZONES, indirect=True)
def test_the_pipeline_finds_the_same_times_of_the_crontab(zone: str, tmp_path: Path) -> None:
    """All year, so also in nights without two o'clock and with two of them."""
    clock = Clock(tmp_path / "clock", zone, datetime.datetime(2020, 2, 1).astimezone())
    until = clock.at(YEAR[-1] + datetime.timedelta(1), 0)
    ours = packaged(REPOSITORY / "config/crontab")
    for family, job in JOBS.items():
        since = clock.at(YEAR[0], 0) - datetime.timedelta(seconds=1)
        theirs = [each.timestamp() for each in CRONTAB.jobs[job].times(since, until)]
        found = times_by_day(ours[family], YEAR[0], until)
        assert [each.timestamp() for each in found.values()] == theirs


def test_much_happens_in_a_year_and_the_same_by_the_same_seed() -> None:
    drawn = plan.plan(YEAR, Random(1), services=True)
    assert list(drawn) == YEAR
    everything = {*nights.NIGHTS, *nights.OF_SERVICES, *plan.OF_THE_DAY, plan.LUIGID_DOWN}
    assert set(drawn.values()) == everything
    assert drawn == plan.plan(YEAR, Random(1), services=True)
    assert drawn != plan.plan(YEAR, Random(2), services=True)


Live = Callable[..., Calendar]


@pytest.fixture
def live(tmp_path: Path, clock: Clock) -> Live:
    """Live through some days, by default quiet ones with one spell; nothing may be lost."""

    def lived(
        first: str,
        names: list[str],
        *spell: str,
        kind: str = "cron",
        expects_luigid: bool = False,
        has_people: bool = False,
    ) -> Calendar:
        start = datetime.date.fromisoformat(first)
        days = {start + datetime.timedelta(n): name for n, name in enumerate(names)}
        schedule = CRONTAB if kind == "cron" else timers(clock, list(days))
        at = datetime.datetime.combine(start, datetime.time(0), BERLIN)
        options = {"services": False, "expects_luigid": expects_luigid}
        with Host(tmp_path / "host", at, schedule, **options) as host:
            spells = [between(*spell)] if spell else []
            calendar = Calendar(host, days, 1, spells=spells, has_people=has_people)
            calendar.live()
        judge = calendar.judge
        assert (judge.lost, judge.broken, judge.unexplained) == ([], [], [])
        return calendar

    return lived


def between(name: str, since: str, until: str) -> Spell:
    moments = [datetime.datetime.fromisoformat(each) for each in (since, until)]
    first, last = (each.replace(tzinfo=BERLIN).astimezone(datetime.UTC) for each in moments)
    return Spell(name, first, last)


def daily(day: str) -> Root:
    return DAILY, datetime.date.fromisoformat(day)


def weekly(day: str) -> Root:
    return WEEKLY, datetime.date.fromisoformat(day)


def there(calendar: Calendar) -> list[Root]:
    """What is there of all that was due."""
    due = calendar.due.within(min(calendar.plan), max(calendar.plan))
    return [root for root in due if calendar.judge.is_there(root)]


@pytest.mark.parametrize(
    ("first", "names"),
    [
        ("2020-10-24", ["quiet", "quiet"]),
        ("2021-01-03", ["killed", plan.BACK_A_DAY, "ended by its time limit"]),
    ],
    ids=["summer time ends", "week 53"],
)
def test_a_few_nights_are_collected(live: Live, first: str, names: list[str]) -> None:
    calendar = live(first, names, has_people=True)
    assert calendar.jobs.nothing_to_do > 0
    assert len(there(calendar)) == len(names) + 1


@needs_systemd
def test_the_night_on_which_summer_time_begins_by_the_timers(live: Live) -> None:
    calendar = live("2020-03-29", ["killed"], kind="systemd")
    assert there(calendar) == [daily("2020-03-29"), weekly("2020-03-29")]


def test_a_day_on_which_tmdb_is_down_until_eleven_at_night_is_collected(live: Live) -> None:
    day = "2020-02-11"
    calendar = live(day, ["quiet"], plan.TMDB_DOWN, f"{day} 01:55", f"{day} 23:00")
    assert calendar.judge.made_by(daily(day)) == CATCH_UP
    assert not calendar.judge.is_late(daily(day))


def test_a_night_without_luigid_is_collected(live: Live, tmp_path: Path) -> None:
    day = "2020-02-11"
    calendar = live(day, ["quiet"], expects_luigid=True)
    assert calendar.judge.made_by(daily(day)) == SCHEDULE
    record = (tmp_path / "host/data/logs/runs.jsonl").read_text(encoding="utf-8").splitlines()
    assert {json.loads(line)["scheduler"] for line in record} == {"local"}


@pytest.mark.parametrize(
    ("kind", "by"), [("cron", CATCH_UP), pytest.param("systemd", SCHEDULE, marks=needs_systemd)]
)
def test_a_machine_that_was_off_collects_its_day_and_the_week_of_the_last_sunday(
    live: Live, kind: str, by: str
) -> None:
    spell = (plan.OFF_FOR_DAYS, "2020-02-15 10:00", "2020-02-18 08:00")
    calendar = live("2020-02-15", ["quiet"] * 4, *spell, kind=kind)
    tuesday, sunday = daily("2020-02-18"), weekly("2020-02-16")
    assert there(calendar) == [daily("2020-02-15"), sunday, tuesday]
    assert calendar.judge.made_by(tuesday) == by
    assert not calendar.judge.is_late(tuesday)
    assert calendar.judge.lateness(sunday) == 2
    assert not calendar.judge.is_there(weekly("2020-02-18"))


def test_no_attempt_begins_after_midnight(tmp_path: Path) -> None:
    late = datetime.datetime(2020, 2, 11, 23, 40, tzinfo=BERLIN)
    with Host(tmp_path / "host", late, CRONTAB, services=False) as host:
        host.tmdb.fail(status(503), times=None)
        ended, output = nights.beyond_midnight(host, CRONTAB.jobs["catch-up"], Random(1))
        assert ended == 30, output
        assert "2020-02-11 is over" in output
        for path in ("/movie/popular", "/trending/movie/day"):
            assert host.tmdb.pages(path) == [1]
        host.pass_until(host.clock.at(late.date() + datetime.timedelta(1), 0, 40))
        assert host.run(CRONTAB.jobs["catch-up"])[0] == 0
        assert host.tmdb.pages("/movie/popular") == [1]
        assert not host.layout.daily_summary(late.date()).exists()


def test_requests_that_are_repeated_until_after_midnight_make_no_list_of_the_day_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Host._settings
    patient = {"TMDB_MAX_RETRIES": "3"}
    monkeypatch.setattr(Host, "_settings", lambda host: {**settings(host), **patient})
    late = datetime.datetime(2020, 2, 11, 23, 40, tzinfo=BERLIN)
    midnight = late.replace(hour=0, minute=1) + datetime.timedelta(1)
    with Host(tmp_path / "host", late, CRONTAB, services=False) as host:
        host.tmdb.fail(status(503), path="/movie/popular", times=1)

        def meanwhile(_: object) -> None:
            while not host.tmdb.count("/movie/popular"):
                time.sleep(0.002)
            host.clock.set(midnight)

        host.run(CRONTAB.jobs["daily"], meanwhile)
        assert not list_path(host.layout, "popular", late.date()).exists()
