"""`explain` says when and by which run a task was done, or why not and what to do."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from support import sixty_days as support
from support.operate import Operate, document
from support.sixty_days import FAILED, GAP, LAST, LATE, REJECTED, day

from pipeline import clock
from pipeline.documents.run_record import Entry
from pipeline.ops.runs import record
from pipeline.ops.schedule import installed
from pipeline.ops.schedule.times import Job, cron_schedule
from pipeline.paths import Layout
from pipeline.retention.deleted import Deleted

Explain = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def explain(command: Operate, sixty_days: Layout) -> Explain:
    """Return the rows of `explain --json`, whose lines for people fit 80 columns."""

    def run(task: str, date: datetime.date, **changes: str) -> list[dict[str, Any]]:
        shown = command("explain", task, str(date), TZ="UTC", **changes)
        assert shown.status == 0, shown.output
        assert max(map(len, shown.out.splitlines())) <= 80
        found = document(command("explain", task, str(date), "--json", TZ="UTC", **changes))
        assert found["date"] == str(date)
        for row in found["files"]:
            assert f"{row['task']} of {date}: {row['state']}\n" in shown.out
        files: list[dict[str, Any]] = found["files"]
        return files

    return run


def test_a_task_that_is_done_names_its_run(explain: Explain) -> None:
    date = day(5)
    [row] = explain("daily", date)
    assert row == {
        "task": "DailySummary",
        "file": f"raw/metadata/daily_summaries/daily_summary_{date:%Y%m%d}.json",
        "state": "done",
        "at": f"{date}T02:01:15+00:00",
        "run": f"{date:%Y%m%d}T020000Z_DailySummary_4321",
        "late": False,
        **dict.fromkeys(("needs", "last_attempt", "next")),
    }


def test_a_list_was_done_when_it_was_collected(explain: Explain) -> None:
    [popular] = explain("PopularMovies", day(5))
    assert popular["at"] == f"{day(5)}T02:00:00+00:00"
    horror = explain("GenreMovies", LAST)[3]
    assert (horror["task"], horror["state"]) == ("GenreMovies(horror)", "done")
    assert horror["run"] == "by an earlier version or a copy"


def test_a_date_that_was_collected_later_is_late(explain: Explain, command: Operate) -> None:
    date = day(LATE[0])
    for task in ("daily", "PopularMovies"):
        [row] = explain(task, date)
        assert row["late"] is True
        assert row["at"].startswith(str(date + datetime.timedelta(days=1)))
    assert "  late: yes\n" in command("explain", "daily", str(date)).out


def test_after_a_failure_its_reason_and_what_is_lacking_are_shown(
    explain: Explain, command: Operate
) -> None:
    date = day(FAILED)
    [row] = explain("daily", date)
    run_id = f"{date:%Y%m%d}T020000Z_DailySummary_4321"
    assert row["needs"] == "PopularMovies, TrendingMovies, ValidationReport"
    assert row["last_attempt"] == f"FAILED in run {run_id}: {support.WHY_FAILED}"
    assert row["next"].startswith("2 list(s) cannot be collected any more; ")
    assert f"`tmdb-pipeline redo DailySummary {date} --late`" in row["next"]
    assert (row["at"], row["run"], row["late"]) == (None, None, None)
    shown = command("explain", "daily", str(date)).out
    assert "\n  last attempt: FAILED in run" in shown
    [list_of_it] = explain("TrendingMovies", date)
    assert list_of_it["last_attempt"] == row["last_attempt"]
    assert explain("daily", day(REJECTED))[0]["last_attempt"].endswith(support.WHY_REJECTED)


def test_a_document_whose_lists_are_there_can_be_made_again(
    explain: Explain, sixty_days: Layout
) -> None:
    sixty_days.daily_summary(day(5)).unlink()
    [row] = explain("daily", day(5))
    assert (row["state"], row["needs"]) == ("missing", None)
    assert row["next"] == f"Run `tmdb-pipeline redo DailySummary {day(5)}`."


def test_a_genre_is_made_again_alone(explain: Explain, sixty_days: Layout) -> None:
    (sixty_days.root / f"raw/movies/genre/horror_{LAST:%Y%m%d}.json").unlink()
    row = explain("GenreMovies", LAST)[3]
    assert f"`tmdb-pipeline redo GenreMovies {LAST} --genre horror --late`" in row["next"]


def test_a_deleted_date_is_not_to_be_made_again(explain: Explain, sixty_days: Layout) -> None:
    line = Deleted(task="DailySummary", date=day(GAP[0]), deleted_at=clock.now())
    sixty_days.deleted.write_bytes(msgspec.json.encode(line) + b"\n")
    for task in ("daily", "PopularMovies", "DailyPage"):
        [row] = explain(task, day(GAP[0]))
        assert row["state"] == "deleted"
        assert "TMDB allows lists to be kept for six months" in row["next"]
    assert explain("daily", day(GAP[1]))[0]["state"] == "missing"


def test_a_run_that_is_in_progress_is_waited_for(
    explain: Explain, sixty_days: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = clock.instant()
    known: dict[str, Any] = {"task": "DailySummary", "date": clock.today(), "at": at}
    record.append(sixty_days, Entry(run_id="20990101T000000Z_DailySummary_1", **known))
    known |= {"event": "ended", "status": record.ALREADY_RUNNING}
    record.append(sixty_days, Entry(run_id="20990101T010000Z_DailySummary_2", **known))
    [row] = explain("daily", clock.today())
    assert row["last_attempt"] == "RUNNING in run 20990101T000000Z_DailySummary_1"
    assert row["next"] == "Wait for the end of that run."
    monkeypatch.setattr(record, "is_over", lambda *_: True)  # it was killed
    assert explain("daily", clock.today())[0]["next"].startswith("Run `tmdb-pipeline run ")


def test_a_date_to_come_is_waited_for(explain: Explain) -> None:
    [row] = explain("daily", clock.today() + datetime.timedelta(days=1))
    assert (row["state"], row["next"]) == ("missing", "Wait: the date lies in the future.")


def test_today_waits_for_the_schedule_only_where_one_is_installed(
    explain: Explain, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = LAST + datetime.timedelta(days=1)
    monkeypatch.setattr(clock, "today", lambda: today)
    monkeypatch.setattr(clock, "now", lambda: datetime.datetime(2026, 3, 2, 1, tzinfo=datetime.UTC))
    [row] = explain("daily", today)
    assert row["next"] == f"Run `tmdb-pipeline run DailySummary {today}`."
    command = "tmdb-scheduled daily -- luigi --module pipeline DailySummary"
    job = Job("30 2 * * *", command, cron_schedule("30 2 * * *"))
    monkeypatch.setattr(installed, "installed", lambda: {"crontab of this user": [job]})
    [row] = explain("daily", today)
    assert row["next"] == "Wait for the schedule, which runs DailySummary at 02:30 UTC."
