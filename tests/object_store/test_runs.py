"""A run of a day whose store hangs or fails: it ends, says why in a sentence, and is repeated."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.bucket_roots import contents
from support.luigi_runs import Run, as_process
from support.object_store import SECRET, Proxy

from pipeline.paths import Layout
from pipeline.storage import s3_client

# The `luigi` command, which waits half a second where it waits 15 otherwise.
_LUIGI = """
from pipeline.storage import s3_client
s3_client.READ_SECONDS = 0.5
from pipeline import luigi_cli
luigi_cli.luigi()
"""
RunDay = Callable[[], Run]
DAY = "2024-01-07"
DOCUMENTS = {
    "root.json",
    "raw/movies/daily/popular_movies_20240107.json",
    "raw/movies/trending/trending_movies_20240107.json",
    "raw/metadata/quality_reports/validation_report_20240107.json",
    "raw/metadata/daily_summaries/daily_summary_20240107.json",
}


@pytest.fixture
def run_day(operator_environment: dict[str, str], clean_environment: Path) -> RunDay:
    """Run a day as cron does, but with the scheduler of the process and short waits."""

    def run() -> Run:
        words = ["--module", "pipeline", "DailySummary", "--date", DAY, "--local-scheduler"]
        command = [sys.executable, "-c", _LUIGI, *words]
        return as_process(command, operator_environment, clean_environment, timeout=100)

    return run


def test_a_run_ends_where_the_store_hangs_from_the_start(run_day: RunDay, proxy: Proxy) -> None:
    proxy.always = ("*", "hang")
    run = run_day()
    assert run.status == 35
    assert "the store does not answer: run the same command again when it does" in run.output
    assert "Traceback" not in run.output
    assert len(proxy.requests) <= s3_client.ATTEMPTS


@pytest.mark.parametrize(
    ("fault", "answered"), [("hang", 26), ("503", 32), ("reset", 32), ("hang", 38)]
)
def test_a_run_ends_where_the_store_fails_in_the_middle_and_is_finished_later(
    run_day: RunDay, layout: Layout, proxy: Proxy, fault: str, answered: int
) -> None:
    proxy.always, proxy.answered_before = ("*", fault), answered
    run = run_day()
    assert run.status in (30, 35), run.output
    assert "run the same command again" in run.output
    assert "Traceback" not in run.output
    asked = len(proxy.requests) - answered
    assert asked <= 2 * s3_client.ATTEMPTS, "a request of each process, at most"
    proxy.always = None
    s3_client.forget_clients()
    for name, content in contents(layout).items():
        assert isinstance(json.loads(content), dict), f"{name} is torn"
    again = run_day()
    assert again.status == 0, again.output
    assert contents(layout).keys() == DOCUMENTS
    assert SECRET not in run.output + again.output
