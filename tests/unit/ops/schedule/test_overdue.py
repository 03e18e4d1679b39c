"""What is due, overdue and collected late: one rule for status, watch, metrics and catch-up."""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from support.schedules import local

from pipeline.documents import due_times
from pipeline.documents.run_record import Entry
from pipeline.ops.runs import record
from pipeline.ops.schedule import pauses
from pipeline.ops.schedule.overdue import (
    Schedules,
    missed,
    newest_due,
    note_due,
    overdue,
    to_run,
)
from pipeline.ops.schedule.times import cron_schedule
from pipeline.paths import Layout
from pipeline.retention import deleted
from pipeline.roots import ROOTS

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"
SUNDAY = date(2024, 1, 7)
USUAL: Schedules = {family: cron_schedule(root.cron) for family, root in ROOTS.items()}


@pytest.fixture(autouse=True)
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Seoul")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)


def has(layout: Layout, family: str, *days: date) -> None:
    """Write document and page of these days."""
    root = ROOTS[family]
    for path in (path_of(layout, day) for day in days for path_of in (root.document, root.page)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + datetime.timedelta(each) for each in range((end - start).days + 1)]


def collected(layout: Layout, now: str, late: int | None = None) -> list[tuple[str, date]]:
    found = [newest_due(root, USUAL[family], local(now)) for family, root in ROOTS.items()]
    return [
        (due.root.family, due.date)
        for due in found
        if due and to_run(due, layout, USUAL[due.root.family], local(now), late)
    ]


def is_overdue(layout: Layout, now: str) -> list[tuple[str, date]]:
    return [(due.root.family, due.date) for due in overdue(layout, USUAL, local(now))]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2024-01-09T01:59", [(WEEKLY, SUNDAY)]),
        ("2024-01-09T02:00", [(DAILY, date(2024, 1, 9)), (WEEKLY, SUNDAY)]),
        ("2024-01-09T23:59", [(DAILY, date(2024, 1, 9)), (WEEKLY, SUNDAY)]),
        ("2024-01-10T00:00", [(WEEKLY, SUNDAY)]),
        ("2024-01-14T02:59", [(DAILY, date(2024, 1, 14)), (WEEKLY, SUNDAY)]),
        ("2024-01-14T03:00", [(DAILY, date(2024, 1, 14)), (WEEKLY, date(2024, 1, 14))]),
    ],
)
def test_a_day_is_collected_until_its_midnight_and_a_week_until_the_next_is_due(
    layout: Layout, now: str, expected: list[tuple[str, date]]
) -> None:
    assert collected(layout, now) == expected


def test_what_is_there_is_not_collected_again(layout: Layout) -> None:
    has(layout, DAILY, date(2024, 1, 9))
    has(layout, WEEKLY, SUNDAY)
    assert collected(layout, "2024-01-09T12:00") == []


def test_a_page_that_is_missing_is_drawn(layout: Layout) -> None:
    has(layout, DAILY, date(2024, 1, 9))
    has(layout, WEEKLY, SUNDAY)
    layout.weekly_page(SUNDAY).unlink()
    assert collected(layout, "2024-01-09T12:00") == [(WEEKLY, SUNDAY)]


def test_a_week_that_the_plan_finds_too_late_is_not_collected(layout: Layout) -> None:
    has(layout, DAILY, date(2024, 1, 9))
    assert collected(layout, "2024-01-09T12:00", late=2) == [(WEEKLY, SUNDAY)]
    assert collected(layout, "2024-01-09T12:00", late=1) == []


def test_the_newest_due_date_is_the_one_before_the_time_of_today(layout: Layout) -> None:
    due = newest_due(ROOTS[DAILY], USUAL[DAILY], local("2024-01-09T01:30"))
    assert due is not None
    assert (due.date, due.at) == (date(2024, 1, 8), local("2024-01-08T02:00"))


def test_nothing_is_overdue_on_a_new_installation(layout: Layout) -> None:
    assert is_overdue(layout, "2024-01-09T12:00") == []


def test_a_deleted_date_is_not_missed_and_an_acknowledged_one_only_where_asked_for(
    layout: Layout,
) -> None:
    has(layout, DAILY, date(2024, 1, 2), date(2024, 1, 6))
    deleted.record(layout, [(DAILY, date(2024, 1, 3))])
    layout.acknowledged(DAILY, date(2024, 1, 4)).parent.mkdir(parents=True)
    layout.acknowledged(DAILY, date(2024, 1, 4)).touch()
    now = local("2024-01-06T12:00")
    assert [due.date for due in missed(layout, USUAL, now)] == [date(2024, 1, 5)]
    acknowledged = missed(layout, USUAL, now, acknowledged=True)
    assert [due.date for due in acknowledged] == [date(2024, 1, 4)]


def test_a_root_without_a_week_for_a_month_is_overdue(layout: Layout) -> None:
    has(layout, DAILY, *days("2024-01-01", "2024-01-31"))
    assert is_overdue(layout, "2024-01-31T12:00") == [(WEEKLY, date(2024, 1, 28))]


def test_a_day_is_overdue_two_hours_after_its_time_until_the_next_is_there(layout: Layout) -> None:
    has(layout, DAILY, date(2024, 1, 8))
    assert is_overdue(layout, "2024-01-09T03:59") == []
    assert is_overdue(layout, "2024-01-09T04:00") == [(DAILY, date(2024, 1, 9))]
    assert is_overdue(layout, "2024-01-10T01:00") == [(DAILY, date(2024, 1, 9))]
    has(layout, DAILY, date(2024, 1, 10))
    assert is_overdue(layout, "2024-01-10T02:30") == []


def test_the_first_run_that_failed_is_overdue_though_there_is_no_document(layout: Layout) -> None:
    at = local("2024-01-09T02:00")
    record.append(layout, Entry(run_id="x", task=DAILY, date=date(2024, 1, 9), at=at))
    assert is_overdue(layout, "2024-01-09T12:00") == [(DAILY, date(2024, 1, 9))]


def test_a_week_collected_late_on_a_new_installation_makes_no_earlier_day_missed(
    layout: Layout,
) -> None:
    has(layout, WEEKLY, SUNDAY)
    has(layout, DAILY, date(2024, 1, 10))
    assert missed(layout, USUAL, local("2024-01-10T12:00")) == []
    (due,) = missed(layout, USUAL, local("2024-01-11T12:00"))
    assert (due.root.family, due.date) == (DAILY, date(2024, 1, 11))


def test_the_due_times_are_noted_from_a_week_ago_and_without_what_is_paused(
    layout: Layout,
) -> None:
    note_due(layout, USUAL, local("2024-01-09T12:00"))
    noted = due_times.decode(layout.due_times.read_bytes())
    daily, weekly = ([each for each in noted if each.task == task] for task in (DAILY, WEEKLY))
    assert [each.date for each in daily] == days("2024-01-02", "2024-01-22")
    assert daily[0].at == local("2024-01-02T02:00")
    assert [each.date for each in weekly[:2]] == [SUNDAY, date(2024, 1, 14)]
    pauses.begin(layout, ROOTS[DAILY], None)
    note_due(layout, USUAL, local("2024-01-09T12:00"))
    noted = due_times.decode(layout.due_times.read_bytes())
    assert {each.task for each in noted} == {WEEKLY}
