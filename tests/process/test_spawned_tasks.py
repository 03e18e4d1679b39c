"""Task processes that are not forked, as on macOS, log and end with their run all the same."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import psutil
import pytest
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun, luigi_command, slow_tmdb
from support.receivers import Receiver
from support.waiting import wait_for

from pipeline.tasks.tmdb_client import connections_of_a_worker

DAILY = ("DailySummary", "--date", "2024-01-07", "--workers", "4")
SPAWN = "import multiprocessing\nmultiprocessing.set_start_method('spawn', force=True)\n"


@pytest.fixture
def spawning(tmp_path: Path) -> dict[str, str]:
    """The variables of a run whose processes are spawned."""
    folder = tmp_path / "spawn"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(SPAWN)
    return {"PYTHONPATH": str(folder)}


def test_the_log_of_the_run_has_the_lines_of_its_tasks(
    luigi_run: LuigiRun, tmdb: FakeTmdb, data_dir: Path, spawning: dict[str, str]
) -> None:
    run = luigi_run(*DAILY, **spawning)
    assert run.status == 0, run.output
    (log,) = (data_dir / "logs").glob("*.log")
    text = log.read_text(encoding="utf-8")
    assert "PopularMovies(date=2024-01-07): 100 movies" in text.replace("films", "movies")
    assert "PopularMovies(date=2024-01-07)" in run.err


def test_an_alert_has_the_reason_and_is_keyed_by_its_cause(
    luigi_run: LuigiRun,
    tmdb: FakeTmdb,
    receiver: Receiver,
    data_dir: Path,
    spawning: dict[str, str],
) -> None:
    tmdb.fail(status(500), path="/movie/popular", times=None)
    alerting = {"PIPELINE_ALERT_URL": receiver.url, "TMDB_MAX_RETRIES": "0"}
    run = luigi_run(*DAILY, **alerting, **spawning)
    assert run.status == 30, run.output
    (message,) = receiver.messages
    assert " did not answer /movie/popular properly" in message["message"]
    (marker,) = (data_dir / "state/alerts").iterdir()
    assert marker.name == "20240107_DailySummary_TmdbUnavailable-30"


def test_a_stopped_run_leaves_no_process_that_still_requests(
    environment: dict[str, str], clean_environment: Path, spawning: dict[str, str]
) -> None:
    """Nor one that was only just being started: most are, when the first request arrives."""
    with slow_tmdb(180) as slow:  # so long would they go on
        run = subprocess.Popen(
            luigi_command(*DAILY, "--local-scheduler"),
            env={**environment, **spawning, "TMDB_API_URL": slow.url}, cwd=clean_environment,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        wait_for(lambda: slow.count() >= 1)
        family = psutil.Process(run.pid).children(recursive=True)
        run.send_signal(signal.SIGKILL)
        run.wait()
        _, alive = psutil.wait_procs(family, timeout=90)  # some are still importing
    assert family
    assert not alive


def test_a_process_that_does_not_know_of_the_others_takes_a_quarter() -> None:
    """As on macOS, where processes are spawned, and with `luigi.build`."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        assert pool.submit(connections_of_a_worker).result() == 4
