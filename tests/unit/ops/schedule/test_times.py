"""The schedule that is installed or packaged, and what it says is due, overdue and missed."""

from __future__ import annotations

import datetime
import itertools
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from support.repository import REPOSITORY
from support.schedules import days_of, first_after, local, times_in

from pipeline.errors import SettingsError
from pipeline.ops.schedule import overdue
from pipeline.ops.schedule.times import by_root, cron_schedule, packaged, read_crontab
from pipeline.paths import Layout
from pipeline.roots import ROOTS

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"
CLOCK_CHANGES = [
    "Europe/Berlin",
    "Europe/Helsinki",
    "Asia/Beirut",
    "Antarctica/Troll",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
]
"""Zones whose clocks skip one of the hours from midnight to four in spring."""


in_zones = pytest.mark.parametrize("zone", CLOCK_CHANGES, indirect=True)
in_berlin = pytest.mark.parametrize("zone", ["Europe/Berlin"], indirect=True)


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
        ("0 3 * * sun", "2024-01-06T12:00:00", "2024-01-07T03:00:00"),
        ("0 3 * * Mon,Wed", "2024-01-08T12:00:00", "2024-01-10T03:00:00"),
        ("0 3 * * mon-fri", "2024-01-05T12:00:00", "2024-01-08T03:00:00"),
        ("0 3 1 feb *", "2024-01-07T00:00:00", "2024-02-01T03:00:00"),
        ("0 3 1 JAN-MAR *", "2024-03-02T00:00:00", "2025-01-01T03:00:00"),
        ("@daily", "2024-01-07T12:00:00", "2024-01-08T00:00:00"),
        ("@midnight", "2024-01-07T12:00:00", "2024-01-08T00:00:00"),
        ("@hourly", "2024-01-07T12:00:00", "2024-01-07T13:00:00"),
        ("@weekly", "2024-01-07T12:00:00", "2024-01-14T00:00:00"),
        ("@monthly", "2024-01-07T12:00:00", "2024-02-01T00:00:00"),
        ("@yearly", "2024-01-07T12:00:00", "2025-01-01T00:00:00"),
        ("@annually", "2024-01-07T12:00:00", "2025-01-01T00:00:00"),
    ],
)
def test_the_next_time_is_cron_s(zone: str, fields: str, after: str, expected: str) -> None:
    assert first_after(cron_schedule(fields), after) == local(expected)


@in_berlin
@pytest.mark.parametrize("fields", ["0 2 * * *", "30 2 * * *", "0 2 * * sun"])
def test_a_time_that_summer_time_skips_is_the_one_after_it(zone: str, fields: str) -> None:
    """As Debian's cron does: the job runs at once when the clocks have gone forward."""
    found = first_after(cron_schedule(fields), "2020-03-28T12:00:00")
    assert found.astimezone().isoformat() == "2020-03-29T03:00:00+02:00"


@in_berlin
def test_a_time_that_comes_twice_in_autumn_is_once_in_the_schedule(zone: str) -> None:
    times = cron_schedule("30 2 * * *").after(local("2020-10-24T12:00:00"))
    assert [each.astimezone().isoformat() for each in itertools.islice(times, 2)] == [
        "2020-10-25T02:30:00+02:00",
        "2020-10-26T02:30:00+01:00",
    ]


@in_zones
@pytest.mark.parametrize("year", [2018, 2026])
@pytest.mark.parametrize("fields", ["@daily", "0 2 * * *", "30 2 * * *", "0 3 * * *"])
def test_cron_starts_a_daily_job_on_every_date_of_a_year(zone: str, fields: str, year: int) -> None:
    assert times_in(year, cron_schedule(fields)).keys() == set(days_of(year))


@pytest.mark.parametrize(
    "fields",
    [
        "0 2 * *",
        "0 0 2 * * *",
        "60 2 * * *",
        "0 24 * * *",
        "x 2 * * *",
        "0 2 5-1 * *",
        "*/0 2 * * *",
        "0 2 * * funday",
        "0 0 31 2 *",
        "@reboot",
        "@never",
        "",
    ],
)
def test_what_is_no_time_of_any_day_is_refused(fields: str) -> None:
    with pytest.raises(SettingsError):
        cron_schedule(fields)


# a crontab


def test_the_schedule_is_read_from_the_crontab(tmp_path: Path) -> None:
    crontab = tmp_path / "crontab"
    crontab.write_text(
        "# WeeklyConsolidation runs on Sundays, 0 9 * * 0 is a comment\n"
        "SHELL=/bin/bash\n"
        "30 4 * * *  flock -n lock luigi --module pipeline DailySummary --date $(date +\\%F)\n"
        "15 6 * * 6 pipeline-user luigi --module pipeline WeeklyConsolidation\n"
    )
    found = packaged(crontab)
    assert first_after(found[DAILY], "2024-01-07T00:00") == local("2024-01-07T04:30")
    assert first_after(found[WEEKLY], "2024-01-07T00:00") == local("2024-01-13T06:15")


STARTS_THE_DAY = [
    "30 4 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
    "30 4 * * * pipeline /opt/tmdb-pipeline/.venv/bin/tmdb-scheduled daily -- anything",
    "30\t4\t*\t*\t*\ttmdb-pipeline trigger daily",
    "30 4 * * * tmdb-pipeline run daily",
    "30 4 * * * tmdb-pipeline run --runtime host DailySummary",
    "  30 4 * * sun-sat luigi --module pipeline DailySummary",
    "30 4 * jan-dec * tmdb-scheduled daily -- luigi --module pipeline DailySummary --workers 2",
]


@pytest.mark.parametrize("line", STARTS_THE_DAY)
def test_a_line_that_starts_the_day_is_its_schedule(line: str) -> None:
    found = by_root(read_crontab(f"MAILTO=ops\n{line}\n"))
    assert list(found) == [DAILY]
    assert first_after(found[DAILY], "2024-01-07T00:00") == local("2024-01-07T04:30")


@pytest.mark.parametrize(
    "line",
    [
        "15 5 * * * rsync -a reports/daily backup:",
        "15 5 * * * /usr/local/bin/daily",
        "15 5 * * * mail -s 'weekly and daily' ops < /dev/null",
        "40 * * * * tmdb-scheduled catch-up -- luigi --module pipeline",
        "30 * * * * tmdb-scheduled watch -- tmdb-pipeline watch",
        "15 5 * * * tmdb-pipeline status daily",
        "15 5 * * * luigi --module pipeline DailySummaryOfOthers",
        "15 5 * * * tail -n 50 /var/log/DailySummary.log",
        "15 5 * * * tmdb-pipeline status DailySummary",
        "# 15 5 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
        "15 5 * * tmdb-scheduled daily",
        "15 25 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary",
        "@reboot tmdb-scheduled daily -- luigi --module pipeline DailySummary",
        "DAILY=15 5 * * * tmdb-scheduled daily -- luigi",
    ],
)
def test_any_other_line_is_no_schedule_of_the_day(line: str) -> None:
    assert by_root(read_crontab(f"{line}\n")) == {}


def test_several_lines_of_one_task_are_one_schedule() -> None:
    crontab = (
        "0 2 * * mon-fri tmdb-scheduled daily -- luigi --module pipeline DailySummary\n"
        "@reboot tmdb-scheduled daily -- luigi --module pipeline DailySummary\n"
        "30 6 * * sat,sun tmdb-scheduled daily -- luigi --module pipeline DailySummary\n"
    )
    found = by_root(read_crontab(crontab))
    times = itertools.islice(found[DAILY].after(local("2024-01-05T00:00")), 4)
    assert list(times) == [
        local("2024-01-05T02:00"),
        local("2024-01-06T06:30"),
        local("2024-01-07T06:30"),
        local("2024-01-08T02:00"),
    ]


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"], indirect=True)
def test_a_time_zone_of_the_crontab_counts_for_the_lines_below_it(zone: str) -> None:
    lines = "30 4 * * * tmdb-scheduled daily -- luigi\nCRON_TZ = 'Asia/Seoul'\n"
    found = by_root(read_crontab(f"{lines}0 2 * * sun root tmdb-scheduled weekly -- luigi\n"))
    seoul = datetime.datetime(2024, 1, 7, 2, tzinfo=ZoneInfo("Asia/Seoul"))
    assert first_after(found[DAILY], "2024-01-05T00:00") == local("2024-01-05T04:30")
    assert first_after(found[WEEKLY], "2024-01-03T00:00") == seoul


def test_a_time_zone_that_is_not_known_is_passed_over(zone: str) -> None:
    found = by_root(read_crontab("CRON_TZ=Nowhere/At_all\n30 4 * * * tmdb-scheduled daily --\n"))
    assert first_after(found[DAILY], "2024-01-07T00:00") == local("2024-01-07T04:30")


@in_berlin
def test_a_time_zone_of_the_crontab_has_its_own_summer_time(zone: str) -> None:
    found = by_root(read_crontab("CRON_TZ=America/New_York\n30 2 * * * tmdb-scheduled daily --\n"))
    skipped = first_after(found[DAILY], "2024-03-10T00:00")
    assert skipped == datetime.datetime(2024, 3, 10, 7, tzinfo=datetime.UTC)


def test_a_second_line_that_repeats_the_day_is_not_the_next_time(zone: str) -> None:
    schedule = cron_schedule("0 2 * * *", "0 8 * * *")
    assert schedule.next_day(local("2024-01-07T01:00")) == local("2024-01-07T02:00")
    assert schedule.next_day(local("2024-01-07T02:00")) == local("2024-01-08T02:00")
    assert schedule.next_day(local("2024-01-07T09:00")) == local("2024-01-08T02:00")


def test_the_crontab_of_this_pipeline_says_two_and_three_o_clock() -> None:
    found = packaged(REPOSITORY / "config" / "crontab")
    assert found == {family: cron_schedule(root.cron) for family, root in ROOTS.items()}


def test_without_a_crontab_the_usual_times_hold(tmp_path: Path) -> None:
    found = packaged(tmp_path / "crontab")
    assert first_after(found[DAILY], "2024-01-07T00:00") == local("2024-01-07T02:00")
    assert first_after(found[WEEKLY], "2024-01-07T00:00") == local("2024-01-07T03:00")


def test_a_packaged_line_that_cron_would_refuse_is_named(tmp_path: Path) -> None:
    crontab = tmp_path / "crontab"
    crontab.write_text("0 26 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary\n")
    with pytest.raises(SettingsError, match=r"'0 26 .* is not a schedule of cron"):
        packaged(crontab)


# missed


def has(root: Path, family: str, *days: date) -> None:
    for day in days:
        path = ROOTS[family].document(Layout(root), day)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")


def missed(root: Path, now: str) -> list[tuple[str, str]]:
    found = overdue.missed(Layout(root), packaged(root / "no crontab"), local(now))
    return [(due.root.family, due.date.isoformat()) for due in found]


def test_nothing_is_missed_before_there_was_anything(tmp_path: Path) -> None:
    assert missed(tmp_path, "2024-01-20T12:00") == []


def test_days_and_sundays_without_their_document_are_missed(tmp_path: Path, zone: str) -> None:
    has(tmp_path, DAILY, date(2024, 1, 3), date(2024, 1, 5), date(2024, 1, 6), date(2024, 1, 8))
    has(tmp_path, WEEKLY, date(2024, 1, 14))
    assert missed(tmp_path, "2024-01-09T12:00") == [
        (DAILY, "2024-01-04"),
        (DAILY, "2024-01-07"),
        (DAILY, "2024-01-09"),
        (WEEKLY, "2024-01-07"),
    ]


def test_a_run_has_two_hours_before_it_counts_as_missed(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2024, 1, 8))
    assert missed(tmp_path, "2024-01-09T03:59") == []
    assert missed(tmp_path, "2024-01-09T04:00") == [(DAILY, "2024-01-09")]


def test_only_fourteen_days_and_eight_sundays_are_listed(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2023, 1, 1))
    found = missed(tmp_path, "2024-01-31T12:00")
    days = [day for family, day in found if family == DAILY]
    sundays = [day for family, day in found if family == WEEKLY]
    assert (days[0], days[-1], len(days)) == ("2024-01-18", "2024-01-31", 14)
    assert (sundays[0], sundays[-1], len(sundays)) == ("2023-12-10", "2024-01-28", 8)


# overdue, and what can still be collected


def overdue_at(root: Path, now: str) -> list[tuple[str, str]]:
    found = overdue.overdue(Layout(root), packaged(root / "no crontab"), local(now))
    return [(due.root.family, due.date.isoformat()) for due in found]


def test_the_newest_due_date_is_overdue_two_hours_after_its_time(tmp_path: Path, zone: str) -> None:
    has(tmp_path, DAILY, date(2024, 1, 1), date(2024, 1, 8))
    has(tmp_path, WEEKLY, date(2024, 1, 7))
    assert overdue_at(tmp_path, "2024-01-09T03:59:59") == []
    assert overdue_at(tmp_path, "2024-01-09T04:00") == [(DAILY, "2024-01-09")]
    assert overdue_at(tmp_path, "2024-01-14T05:00") == [
        (DAILY, "2024-01-14"),
        (WEEKLY, "2024-01-14"),
    ]


def test_a_date_before_the_newest_one_is_missed_and_no_longer_overdue(tmp_path: Path) -> None:
    has(tmp_path, DAILY, date(2024, 1, 1), date(2024, 1, 9))
    has(tmp_path, WEEKLY, date(2024, 1, 7))
    assert overdue_at(tmp_path, "2024-01-09T12:00") == []
