"""The log of a run: one line an event on stderr, and the same in a file of its own."""

from __future__ import annotations

import datetime
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb, json_body, status
from support.luigi_runs import LuigiRun
from support.repository import REPOSITORY

from pipeline.paths import Layout
from pipeline.runtime import logs

DAILY = ("DailySummary", "--date", "2024-01-07")
POPULAR = ("PopularMovies", "--date", "2024-01-07")
LINE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ (INFO|WARNING|ERROR|DEBUG): .+")
NOW = datetime.datetime(2024, 6, 1, 12, tzinfo=datetime.UTC)


def log_of(data_dir: Path) -> Path:
    (path,) = (data_dir / "logs").glob("*.log")
    return path


@pytest.mark.parametrize("workers", ["1", "4"])
def test_each_line_has_time_level_task_and_message(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path, workers: str
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=None)
    # From 3.12 on Python warns developers, and them only, of luigi's forks beside its ping thread.
    run = luigi_run(*DAILY, "--workers", workers, TMDB_MAX_RETRIES="0", PYTHONWARNINGS=None)
    lines = log_of(data_dir).read_text().splitlines()
    assert all(LINE.fullmatch(line) for line in lines), lines
    # A worker writes to one, then the other: two at once may come in another order in each.
    first, last = (n for n, line in enumerate(lines) if "Luigi Execution Summary" in line)
    without_summary = lines[1:first] + lines[last + 1 : -1]  # which is for the file alone
    assert sorted(without_summary) == sorted(run.err.splitlines())
    (error,) = [line for line in lines if " ERROR: " in line]
    assert " ERROR: PopularMovies(date=2024-01-07) failed: " in error
    assert any(" INFO: TrendingMovies(date=2024-01-07): 20 " in line for line in lines)


def test_each_run_has_a_file_with_its_start_and_its_end(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    luigi_run(*DAILY)
    path = log_of(data_dir)
    assert re.fullmatch(r"\d{8}T\d{6}Z_DailySummary_\d+\.log", path.name)
    assert path.stat().st_mode & 0o777 == 0o640 & ~_umask()
    lines = path.read_text().splitlines()
    for expected in (
        "tmdb-pipeline 0.",
        "luigi --module pipeline DailySummary --date 2024-01-07",
        "source tmdb",
        "Python 3.",
    ):
        assert expected in lines[0]
    assert re.search(r"INFO: Ended with status 0 after \d+\.\d s$", lines[-1])


def test_the_run_record_says_which_scheduler_and_which_log_a_run_had(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    """The scheduler is only chosen after the log has begun."""
    luigi_run(*DAILY)
    record = (data_dir / "logs/runs.jsonl").read_text(encoding="utf-8").splitlines()
    began, ended = map(json.loads, record)
    log = log_of(data_dir)
    assert (began["event"], ended["event"], ended["status"]) == ("started", "ended", 0)
    for each in (began, ended):
        assert each["scheduler"] == "local"
        assert each["run_id"] == log.stem
        assert each["log"] == f"logs/{log.name}"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_line_of_the_client_names_the_task_that_runs(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    """The client knows nothing of tasks."""
    tmdb.fail(json_body({"page": 1, "results": [], "total_pages": 1, "total_results": 0}),
              path="/trending/movie/day", times=None)  # fmt: skip
    luigi_run("TrendingMovies", "--date", "2024-01-07", "--workers", "2")
    (line,) = [line for line in log_of(data_dir).read_text().splitlines() if "ends early" in line]
    assert " WARNING: trending: " in line
    assert line.endswith(" [TrendingMovies(date=2024-01-07)]")


def test_json_is_one_object_an_event_on_stderr_and_in_the_file(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=None)
    run = luigi_run(*DAILY, PIPELINE_LOG_FORMAT="json", TMDB_MAX_RETRIES="0")
    lines = log_of(data_dir).read_text().splitlines()
    events = [json.loads(line) for line in lines]
    is_summary = ["Execution Summary" in event["message"] for event in events]
    assert any(is_summary)  # of luigi, for the file alone
    shown = [line for line, hidden in zip(lines, is_summary, strict=True) if not hidden]
    assert shown[1:-1] == run.err.splitlines()
    assert {tuple(event) for event in events} == {("time", "level", "task", "message", "run")}
    assert {event["run"] for event in events} == {log_of(data_dir).stem}
    (error,) = [event for event in events if event["level"] == "ERROR"]
    assert error["task"] == "PopularMovies(date=2024-01-07)"


def test_no_secret_reaches_the_file(luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path) -> None:
    quoted = json.dumps({"status_message": f"no such key: {V3_KEY}, nor hunter2hunter2"}).encode()
    tmdb.fail(status(422, quoted), times=None)
    run = luigi_run(*POPULAR, "--log-level", "DEBUG", PIPELINE_ALERT_URL="hunter2hunter2")
    text = log_of(data_dir).read_text()
    assert "[credential]" in text
    for secret in (V3_KEY, "hunter2hunter2"):
        assert secret not in text + run.output


def test_a_log_that_cannot_be_written_causes_one_warning_and_fails_nothing(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    data_dir.mkdir()
    (data_dir / "logs").write_text("a file where the folder should be")
    run = luigi_run(*DAILY)
    assert run.status == 0
    assert run.err.count("cannot be written: ") == 1
    assert "Traceback" not in run.err


def test_a_disk_that_fills_up_ends_the_log_and_not_the_run(tmp_path: Path) -> None:
    """Every write to /dev/full is refused as by a full disk."""
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this system has no /dev/full")
    program = f"""
import logging
from pathlib import Path
from pipeline.runtime import logs
logs.install("text", Path("{full}"))
for number in range(3):
    logging.getLogger("luigi-interface.pipeline").warning("event %d", number)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stderr.count("No space left on device") == 1
    assert [f"event {number}" in done.stderr for number in range(3)] == [True] * 3
    assert "Traceback" not in done.stderr


def written(path: Path, *, days_ago: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    at = (NOW - datetime.timedelta(days=days_ago)).timestamp()
    os.utime(path, (at, at))
    return path


def test_logs_and_journals_of_more_than_60_days_ago_are_removed(data_dir: Path) -> None:
    layout = Layout(data_dir)
    folder = layout.journal(datetime.date(2024, 1, 5))
    folder.mkdir(parents=True)
    os.utime(folder, (0, 0))
    young, old = (
        [
            written(layout.run_log(NOW, task), days_ago=days),
            written(layout.journal(NOW.date() - datetime.timedelta(days=days)), days_ago=days),
        ]
        for task, days in (("DailySummary", 59), ("WeeklyConsolidation", 61))
    )
    logs.sweep(layout, NOW)
    assert all(path.exists() for path in (folder, *young))
    assert not any(path.exists() for path in old)


@pytest.mark.parametrize("name", ["luigid.log", "runs.jsonl", "20200101T000000Z_notes.txt"])
def test_what_is_no_log_of_a_run_is_never_swept(data_dir: Path, name: str) -> None:
    path = written(data_dir / "logs" / name, days_ago=400)
    logs.sweep(Layout(data_dir), NOW)
    assert path.exists()


@pytest.mark.parametrize(
    "words", [["--help"], ["DailySumary", "--date", "2024-01-07"], ["--nonsense"]]
)
def test_a_command_that_starts_no_run_leaves_no_log(
    luigi_run: LuigiRun, data_dir: Path, words: list[str]
) -> None:
    luigi_run(*words)
    assert not data_dir.exists()
