"""`redo` and `explain` on real runs with the embedded catalogue."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.configurations import quick
from support.repository import REPOSITORY
from support.scheduled_runs import TMDB_PIPELINE

from pipeline import clock
from pipeline.paths import Layout

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def call(tmp_path: Path) -> Command:
    """Run `tmdb-pipeline WORDS` with the embedded catalogue, in a data root of its own."""
    (tmp_path / "home").mkdir()
    given = {**os.environ, "TMDB_API_KEY": "demo", "HOME": str(tmp_path / "home")}
    given["PIPELINE_DATA_DIR"] = str(tmp_path / "data")
    given["LUIGI_CONFIG_PATH"] = str(quick(REPOSITORY / "config/unattended.cfg", tmp_path / "home"))

    def run(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        command = [str(TMDB_PIPELINE), *words, "--runtime", "host"]
        return subprocess.run(
            command, env={**given, **changes}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    return run


@pytest.fixture
def layout(call: Command, tmp_path: Path) -> Layout:
    """The data root after the daily run of today."""
    assert call("trigger", "daily").returncode == 0
    (root,) = {path.parent for path in tmp_path.rglob("root.json")}
    return Layout(root)


def test_a_report_is_made_again_with_all_that_needs_it(call: Command, layout: Layout) -> None:
    today = clock.today()
    report, summary = layout.validation_report(today), layout.daily_summary(today)
    lists = [p.stat().st_ino for each in layout.list_folders for p in each.glob("*.json")]
    before = [path.stat().st_ino for path in (report, summary)]
    refused = call("redo", "ValidationReport", str(today))
    assert (refused.returncode, "no terminal" in refused.stderr) == (1, True)
    assert [path.stat().st_ino for path in (report, summary)] == before
    done = call("redo", "ValidationReport", str(today), "--yes")
    assert done.returncode == 0, done.stderr
    assert [path.stat().st_ino for path in (report, summary)] != before
    assert lists == [p.stat().st_ino for each in layout.list_folders for p in each.glob("*.json")]
    kept = {path.name for path in layout.root.glob("superseded/*Z/**/*.json")}
    assert kept == {report.name, summary.name}
    assert not layout.being_redone("DailySummary").exists()
    explained = call("explain", "ValidationReport", str(today)).stdout
    assert "done" in explained
    assert "ValidationReport" in explained


def test_a_failed_redo_puts_everything_back(call: Command, layout: Layout) -> None:
    today = clock.today()
    summary = layout.daily_summary(today)
    before, index = summary.read_bytes(), layout.index_page.read_bytes()
    (damaged,) = layout.list_folders[0].glob("popular*.json")
    damaged.write_text("{")
    done = call("redo", "ValidationReport", str(today), "--yes")
    assert done.returncode not in (0, 1)
    assert (summary.read_bytes(), layout.index_page.read_bytes()) == (before, index)


def test_a_killed_redo_is_put_back_by_the_next_run(
    call: Command, layout: Layout, tmp_path: Path
) -> None:
    today = clock.today()
    before = layout.daily_summary(today).read_bytes()
    given = {**os.environ, "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(tmp_path / "data")}
    words = ["redo", "ValidationReport", str(today), "--yes", "--runtime", "host"]
    redo = subprocess.Popen(
        [str(TMDB_PIPELINE), *words], env=given, stdin=subprocess.DEVNULL, start_new_session=True
    )
    deadline = clock.monotonic() + 60
    while layout.daily_summary(today).exists() and clock.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(redo.pid, signal.SIGKILL)
    redo.wait()
    assert layout.being_redone("DailySummary").exists()
    assert call("trigger", "daily").returncode == 0
    assert layout.daily_summary(today).read_bytes() == before
    assert not layout.being_redone("DailySummary").exists()


def test_lists_of_a_past_date_are_refused(call: Command, layout: Layout) -> None:
    refused = call("redo", "PopularMovies", "2026-01-01", "--yes")
    assert refused.returncode == 1
    assert "--late" in refused.stderr
