"""What a pause and an acknowledged date take out of the reports."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from support.operate import Operate, document

from pipeline import clock
from pipeline.ops.runs import record
from pipeline.ops.schedule import overdue, pauses
from pipeline.ops.schedule.times import cron_schedule
from pipeline.paths import Layout
from pipeline.roots import ROOTS

DAILY = ROOTS["DailySummary"]
ONE = datetime.timedelta(days=1)
MIDNIGHT = {family: cron_schedule("0 0 * * *") for family in ROOTS}


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    """A data root that has a daily summary of four days ago, and nothing since."""
    layout = Layout(data_dir)
    path = layout.daily_summary(clock.today() - 4 * ONE)
    path.parent.mkdir(parents=True)
    path.touch()
    return layout


def overdue_tasks(layout: Layout) -> set[str]:
    late = clock.midnight(clock.today()) + datetime.timedelta(hours=3)
    return {due.root.family for due in overdue.overdue(layout, MIDNIGHT, late)}


def test_a_paused_task_is_not_overdue_until_its_pause_is_over(layout: Layout) -> None:
    assert "DailySummary" in overdue_tasks(layout)
    pauses.begin(layout, DAILY, clock.today() + ONE)
    assert "DailySummary" not in overdue_tasks(layout)
    pauses.begin(layout, DAILY, clock.today())
    assert "DailySummary" in overdue_tasks(layout), "the pause ends by itself"


def test_an_acknowledged_date_is_not_overdue(layout: Layout) -> None:
    path = layout.acknowledged("DailySummary", clock.today())
    path.parent.mkdir(parents=True)
    path.touch()
    assert "DailySummary" not in overdue_tasks(layout)


def test_a_pause_file_of_a_later_version_is_understood(layout: Layout) -> None:
    path = layout.pause("DailySummary")
    path.parent.mkdir(parents=True)
    path.write_text('{"task": "DailySummary", "alias": "daily", "until": null, "by": "x"}')
    found = pauses.active(layout, "DailySummary")
    assert found is not None
    assert found.reason == "Paused until `tmdb-pipeline resume daily`."


def test_a_date_of_a_pause_is_recorded_once_and_is_no_failure(layout: Layout) -> None:
    pause = pauses.begin(layout, DAILY, None)
    for _ in range(3):
        pauses.record_skipped(layout, DAILY, clock.today(), pause)
    (entry,) = record.entries(layout)
    assert (entry.outcome, entry.status, entry.started_by) == ("PAUSED", 25, "schedule")
    assert record.last_ended(layout) == []


def test_status_lists_no_acknowledged_date_and_counts_them(
    command: Operate, layout: Layout
) -> None:
    day = clock.today() - 2 * ONE
    before = document(command("status", "--json"))
    assert {"task": "DailySummary", "date": str(day)} in before["missed"]
    assert command("acknowledge", str(day), "daily").status == 0
    after = document(command("status", "--json"))
    assert {"task": "DailySummary", "date": str(day)} not in after["missed"]
    assert (len(after["missed"]), after["acknowledged"]) == (len(before["missed"]) - 1, 1)
    assert "1 missed date(s) are acknowledged and not listed." in command("status").out


def test_status_shows_a_pause(command: Operate, layout: Layout) -> None:
    until = clock.today() + ONE
    assert command("pause", "daily", "--until", str(until)).status == 0
    assert document(command("status", "--json"))["paused"] == [
        {"task": "DailySummary", "until": str(until)}
    ]
    assert command("resume", "daily").status == 0
    assert document(command("status", "--json"))["paused"] == []
