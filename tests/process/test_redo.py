"""`redo` and `explain` on real runs with the embedded catalogue."""

from __future__ import annotations

import datetime
import fcntl
import json
import os
import pty
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.configurations import quick
from support.fake_tmdb import FakeTmdb, hang
from support.operate import WORDS, Operate
from support.repository import REPOSITORY
from support.scheduled_runs import TMDB_PIPELINE
from support.waiting import wait_for

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
    assert not layout.redo_folder("DailySummary").exists()
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
    assert layout.redo_folder("DailySummary").exists()
    assert call("trigger", "daily").returncode == 0
    assert layout.daily_summary(today).read_bytes() == before
    assert not layout.redo_folder("DailySummary").exists()


def test_lists_of_a_past_date_are_refused(call: Command, layout: Layout) -> None:
    refused = call("redo", "PopularMovies", "2026-01-01", "--yes")
    assert refused.returncode == 1
    assert "--late" in refused.stderr


def test_the_own_files_alone_are_made_again_with_only(call: Command, layout: Layout) -> None:
    today = clock.today()
    report, summary = layout.validation_report(today), layout.daily_summary(today)
    before = [path.stat().st_ino for path in (report, summary)]
    done = call("redo", "ValidationReport", str(today), "--only", "--yes")
    assert done.returncode == 0, done.stderr
    after = [path.stat().st_ino for path in (report, summary)]
    assert (after[0] != before[0], after[1] == before[1]) == (True, True)
    kept = [path.name for path in layout.root.glob("superseded/*Z/**/*.*")]
    assert kept == [report.name]


def test_one_genre_of_a_week_is_collected_again(call: Command, layout: Layout) -> None:
    assert call("trigger", "weekly").returncode == 0
    (week,) = (layout.root / "processed/weekly").glob("*.json")
    day = clock.day_of(f"{week.stem[-8:-4]}-{week.stem[-4:-2]}-{week.stem[-2:]}")
    genres = sorted((layout.root / "raw/movies/genre").glob("*.json"))
    before = [path.stat().st_ino for path in genres]
    words = ("redo", "GenreMovies", str(day), "--genre", "horror", "--late")
    shown = json.loads(call(*words, "--dry-run", "--json").stdout)
    (planned,) = shown["redone"]
    assert planned["runs"] == ["WeeklyConsolidation", "IndexPage"]
    assert layout.relative(week) in planned["moved"]
    assert [name for name in planned["moved"] if "/genre/" in name] == [
        layout.relative(path) for path in genres if path.stem.startswith("horror")
    ]
    done = call(*words, "--only", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert (document["ok"], document["dry_run"]) == (True, False)
    assert document["redone"][0]["runs"] == ["GenreMovies(horror)", "IndexPage"]
    assert document["redone"][0]["status"] == 0
    changed = [path.stem for path, inode in zip(genres, before, strict=True)
               if path.stat().st_ino != inode]  # fmt: skip
    assert [name.partition("_")[0] for name in changed] == ["horror"]


def test_a_past_date_is_collected_late_where_that_is_allowed(call: Command, layout: Layout) -> None:
    day = clock.today() - datetime.timedelta(days=1)
    done = call("redo", "PopularMovies", str(day), "--late", "--yes")
    assert done.returncode == 0, done.stderr
    assert json.loads(layout.daily_summary(day).read_text())["late_by_days"] == 1


def test_what_failed_is_run_again(call: Command, layout: Layout) -> None:
    today = clock.today()
    for path in (layout.daily_summary(today), layout.validation_report(today)):
        path.unlink()
    (damaged,) = layout.list_folders[0].glob("popular*.json")
    damaged.write_text("{")
    assert call("trigger", "daily").returncode == 30
    damaged.unlink()
    done = call("redo", "--failed", "--yes", "--json")
    assert done.returncode == 0, done.stderr
    (redone,) = json.loads(done.stdout)["redone"]
    assert (redone["task"], redone["date"], redone["status"]) == ("DailySummary", str(today), 0)
    assert layout.daily_summary(today).exists()
    again = call("redo", "--failed", "--yes")
    assert (again.returncode, again.stdout) == (0, "")
    assert "No run failed" in again.stderr


def test_a_redo_beside_another_run_does_nothing(call: Command, layout: Layout) -> None:
    with layout.run_lock("DailySummary").open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        done = call("redo", "ValidationReport", str(clock.today()), "--yes")
    assert (done.returncode, done.stdout) == (10, "")
    assert "Another run of DailySummary is in progress" in done.stderr
    assert not layout.redo_folder("DailySummary").exists()


@pytest.mark.parametrize(("answer", "status"), [("n", 1), ("y", 0)])
def test_it_asks_on_a_terminal(
    call: Command, layout: Layout, tmp_path: Path, answer: str, status: int
) -> None:
    today, ours, theirs = clock.today(), *pty.openpty()
    before = layout.daily_summary(today).stat().st_ino
    given = {**os.environ, "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(tmp_path / "data")}
    words = ["redo", "ValidationReport", str(today), "--runtime", "host"]
    os.write(ours, f"{answer}\n".encode())
    done = subprocess.run(
        [str(TMDB_PIPELINE), *words], env=given, stdin=theirs, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    os.close(ours)
    os.close(theirs)
    assert done.returncode == status, done.stderr
    assert "Make these files? [y/N]: " in done.stderr
    assert (layout.daily_summary(today).stat().st_ino == before) == (answer == "n")


@pytest.mark.parametrize("inside", [False, True])
def test_ctrl_c_puts_the_files_back(
    operate: Operate, operator_environment: dict[str, str], clean_environment: Path,
    data_dir: Path, tmdb: FakeTmdb, inside: bool,
) -> None:  # fmt: skip
    """Inside the stack's container, Ctrl-C outside closes the stdin of the redo."""
    layout, today = Layout(data_dir), clock.today()
    assert operate("run", "daily").status == 0
    summary, index = layout.daily_summary(today), layout.index_page
    before = [path.read_bytes() for path in (summary, index)]
    tmdb.fail(hang(60), times=None)
    asked = tmdb.count()
    process = subprocess.Popen(
        [
            *(*WORDS, "redo", "PopularMovies", str(today), "--yes", "--runtime", "host"),
            *(["--until-stdin-closes"] if inside else []),
        ],
        env=operator_environment, cwd=clean_environment, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        wait_for(lambda: tmdb.count() > asked, 30)
        assert not summary.exists()
        if not inside:
            process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)  # closes stdin
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 130, output
    assert [path.read_bytes() for path in (summary, index)] == before
    assert not layout.redo_folder("DailySummary").exists()
