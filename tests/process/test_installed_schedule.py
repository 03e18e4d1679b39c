"""The schedule that is installed or packaged, and what it says is due, overdue and missed."""

from __future__ import annotations

import datetime
import itertools
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import systemd
from support.operate import Operate, document
from support.repository import REPOSITORY
from support.schedules import days_of, first_after, local, times_in

from pipeline.ops.runtimes import services
from pipeline.ops.schedule import installed, times
from pipeline.ops.schedule.times import Schedule, cron_schedule, packaged

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"


UNITS = REPOSITORY / "config/systemd"


CLOCK_CHANGES = [
    ("Europe/Berlin", 2026),
    ("Europe/Helsinki", 2026),
    ("Asia/Beirut", 2026),
    ("Antarctica/Troll", 2026),
    ("Australia/Lord_Howe", 2026),
    ("America/Sao_Paulo", 2018),
]
"""Zones whose clocks skip one of the hours from midnight to four in spring, in that year."""


MakeProgram = Callable[[str, str], None]


@pytest.fixture
def make_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """Put a program in front of PATH, given by its shell text."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))

    def make(name: str, text: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        (folder / name).chmod(0o755)

    return make


def print_lines(*lines: str) -> str:
    """The shell text of a program that prints these lines."""
    return "\n".join(["cat <<'END'", *lines, "END"])


def test_status_announces_the_times_of_the_installed_crontab(
    command: Operate, make_program: MakeProgram
) -> None:
    make_program(
        "crontab",
        print_lines(
            "15 5 * * * rsync -a reports/daily backup:",
            "45 6 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
        ),
    )
    run = command("status", "--json", PATH=os.environ["PATH"], HOME=os.environ["HOME"], TZ="UTC")
    found = {each["task"]: each["at"][10:] for each in document(run)["next_runs"]}
    assert found == {DAILY: "T06:45:00+00:00", WEEKLY: "T03:00:00+00:00"}


@pytest.mark.parametrize(
    "crontab", ["exit 1", "echo 'no crontab for ops' >&2; exit 1", "exec sleep 30"]
)
def test_without_an_installed_crontab_status_announces_the_packaged_times(
    command: Operate, make_program: MakeProgram, crontab: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(times, "_SECONDS", 0.2 if "sleep" in crontab else 60)
    make_program("crontab", crontab)
    run = command("status", "--json", PATH=os.environ["PATH"], HOME=os.environ["HOME"], TZ="UTC")
    found = {each["task"]: each["at"][10:] for each in document(run)["next_runs"]}
    assert found == {DAILY: "T02:00:00+00:00", WEEKLY: "T03:00:00+00:00"}


@pytest.fixture
def analyze(make_program: MakeProgram, request: pytest.FixtureRequest) -> None:
    """Have systemd compute calendars in the zone of the test, as on a machine of that zone."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not on this machine")
    zone = request.getfixturevalue("zone")
    make_program("systemd-analyze", f'TZ={zone} exec {program} "$@"')


def timer_of(name: str) -> Schedule:
    """The schedule of a timer in config/systemd."""
    values = systemd.values(UNITS / f"tmdb-{name}.timer", "OnCalendar")
    return Schedule(calendars=tuple(values))


@pytest.mark.parametrize(("zone", "year"), CLOCK_CHANGES, indirect=["zone"])
@pytest.mark.parametrize("name", ["daily", "weekly"])
def test_a_timer_elapses_on_every_date_that_the_crontab_has(
    zone: str, analyze: None, name: str, year: int
) -> None:
    """systemd skips a time that the clocks skip; the later times of the timer make up for it."""
    days = [day for day in days_of(year) if name == "daily" or day.isoweekday() == 7]
    crontab = packaged(REPOSITORY / "config/crontab")[DAILY if name == "daily" else WEEKLY]
    by_timer, by_cron = times_in(year, timer_of(name)), times_in(year, crontab)
    assert list(by_timer) == list(by_cron) == days
    hour = datetime.timedelta(hours=1)
    assert [day for day in days if not by_cron[day] <= by_timer[day] <= by_cron[day] + hour] == []


@pytest.mark.parametrize("zone", ["UTC", "Africa/Abidjan", "Europe/London"], indirect=True)
def test_a_timer_is_understood_where_the_zone_is_called_otherwise_than_utc(
    zone: str, analyze: None
) -> None:
    assert first_after(timer_of("daily"), "2026-01-07T01:00") == local("2026-01-07T02:00")


@pytest.mark.parametrize(
    "answer", ["exit 1", "echo nonsense", "kill -9 $$", "echo 'Next elapse: never'"]
)
def test_a_timer_that_systemd_does_not_compute_has_no_times(
    make_program: MakeProgram, answer: str
) -> None:
    make_program("systemd-analyze", answer)
    assert list(Schedule(calendars=("*-*-* 02:00:00",)).after(local("2026-01-07T01:00"))) == []


def test_the_stand_in_prints_what_systemd_printed() -> None:
    recorded = set(systemd.RECORDED.read_text(encoding="utf-8").strip().split("\n\n"))
    shown = re.sub("Sun 2099-01-04", "Sun 2026-11-29", systemd.show(UNITS, "weekly"))
    assert set(shown.strip().split("\n\n")) <= recorded


@pytest.fixture
def timers(analyze: None, make_program: MakeProgram) -> Callable[[str], None]:
    """Have `systemctl show` print a text, on a host without a crontab."""
    make_program("crontab", "exit 1")
    return lambda text: make_program("systemctl", systemd.program(text))


Timers = Callable[[str], None]
in_utc = pytest.mark.parametrize("zone", ["UTC"], indirect=True)


@in_utc
def test_timers_that_systemd_has_started_are_the_schedule(zone: str, timers: Timers) -> None:
    """With a drop-in, OnCalendar=weekly beside another time, a zone, and one masked timer."""
    timers(systemd.RECORDED.read_text(encoding="utf-8"))
    found = installed.schedules(REPOSITORY / "config/crontab")
    days = itertools.islice(found[DAILY].after(local("2026-01-03T12:00")), 4)
    assert [f"{time:%d %H:%M}" for time in days] == ["04 05:00", "04 05:15", "05 00:00", "05 05:00"]
    assert first_after(found[WEEKLY], "2026-01-03T12:00") == local("2026-01-04T03:00")
    jobs = installed.installed()["systemd timer tmdb-daily, tmdb-old, tmdb-weekly"]
    assert [job.outdated for job in jobs if job.outdated] == ["tmdb-old.service"]
    assert services.cron().detail.startswith("outdated: ")


@in_utc
@pytest.mark.parametrize("state", ["inactive", "failed"])
def test_a_timer_that_is_not_active_is_no_schedule(zone: str, timers: Timers, state: str) -> None:
    timers(systemd.show(UNITS, "daily", "weekly", state=state))
    assert installed.installed() == {}


@in_utc
@pytest.mark.parametrize("answer", ["exit 1", "echo nonsense", "exec sleep 30"])
def test_where_systemd_does_not_answer_the_packaged_times_hold(
    zone: str,
    analyze: None,
    make_program: MakeProgram,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
) -> None:
    monkeypatch.setattr(times, "_SECONDS", 0.2 if "sleep" in answer else 60)
    make_program("crontab", "exit 1")
    make_program("systemctl", answer)
    assert installed.schedules(REPOSITORY / "config/crontab")[DAILY] == cron_schedule("0 2 * * *")


@in_utc
def test_a_crontab_and_a_timer_are_both_the_schedule(
    zone: str, timers: Timers, make_program: MakeProgram
) -> None:
    timers(systemd.show(UNITS, "daily"))
    make_program("crontab", print_lines("@daily tmdb-scheduled daily -- luigi DailySummary"))
    found = installed.schedules(REPOSITORY / "config/crontab")[DAILY]
    days = itertools.islice(found.after(local("2026-01-03T12:00")), 3)
    assert [f"{time:%H:%M}" for time in days] == ["00:00", "02:00", "03:00"]


def test_crontabs_of_the_system_are_read_and_copies_of_them_are_not(
    make_program: MakeProgram, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Debian's cron passes over names with a dot or a tilde."""
    monkeypatch.setattr(installed, "_ETC", tmp_path)
    make_program("crontab", "exit 1")
    make_program("systemctl", "exit 1")
    (tmp_path / "cron.d").mkdir()
    line = "{} 4 * * * pipeline tmdb-scheduled daily -- luigi --module pipeline DailySummary\n"
    for minute, name in enumerate(
        ("crontab", "cron.d/tmdb", "cron.d/tmdb.dpkg-old", "cron.d/tmdb~")
    ):
        (tmp_path / name).write_text(line.format(minute))
    found = installed.schedules(REPOSITORY / "config/crontab")[DAILY]
    assert found == cron_schedule("0 4 * * *", "1 4 * * *")
    places = [str(tmp_path / name) for name in ("crontab", "cron.d/tmdb")]
    assert list(installed.installed()) == places
