"""`pause`, `resume` and `acknowledge`, with runs as cron starts them."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import run_command
from support.run_records import lines
from support.scheduled_runs import CATCH_UP, DAILY, TMDB_PIPELINE, Run

from pipeline.paths import Layout

pytestmark = pytest.mark.usefixtures("fake_apprise")


@pytest.fixture
def operate(variables: dict[str, str], clean_environment: Path) -> Callable[..., Any]:
    """Run `tmdb-pipeline WORDS` on this host."""
    words = [str(TMDB_PIPELINE)]
    return lambda *given: run_command(
        [*words, *given, "--runtime", "host"], variables, clean_environment
    )


def test_a_paused_schedule_starts_nothing_and_records_each_date_once(
    run: Run, operate: Callable[..., Any], layout: Layout, tmdb: FakeTmdb
) -> None:
    until = date.today() + datetime.timedelta(days=5)
    assert operate("pause", "daily", "--until", str(until)).status == 0
    operate("pause", "weekly")
    expected = f"Skipped: DailySummary of {date.today()}. Paused until {until}.\n"
    assert run(*DAILY) == (0, expected)
    assert run(*DAILY) == (0, expected)
    assert run(*CATCH_UP) == (0, "")
    assert tmdb.count() == 0
    (daily,) = (line for line in lines(layout) if line["task"] == "DailySummary")
    assert (daily["status"], daily["reason"]) == (25, f"Paused until {until}.")

    shown = operate("status").output
    assert "PAUSED" in shown
    assert f"DailySummary of {date.today()} was skipped: Paused until {until}." in shown


def test_a_run_by_hand_works_while_the_schedule_is_paused(
    operate: Callable[..., Any], layout: Layout
) -> None:
    operate("pause", "daily")
    done = operate("run", "daily")
    assert done.status == 0, done.output
    assert "The schedule of DailySummary is paused" in done.output
    assert layout.daily_page(date.today()).exists()


def test_the_catch_up_goes_on_after_resume(
    run: Run, operate: Callable[..., Any], layout: Layout
) -> None:
    operate("pause", "daily")
    run(*DAILY)
    assert not layout.daily_summary(date.today()).exists()
    assert operate("resume", "daily").out == "DailySummary is no longer paused.\n"
    code, output = run(*CATCH_UP)
    assert code == 0, output
    assert layout.daily_summary(date.today()).exists()


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"task": 5}', b"\xff\x00"])
def test_a_damaged_pause_file_stops_no_night(
    run: Run, operate: Callable[..., Any], layout: Layout, content: bytes
) -> None:
    path = layout.pause("DailySummary")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    code, output = run(*DAILY)
    assert code == 0, output
    assert f"{path} is damaged, so DailySummary is not paused" in output
    assert layout.daily_summary(date.today()).exists()
    assert "is damaged, so DailySummary is not paused" in operate("status").err
