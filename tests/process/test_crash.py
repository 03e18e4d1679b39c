"""A run that is killed leaves whole files only, and the next one completes the week."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.luigi_runs import LuigiRun, luigi_command
from support.repository import REPOSITORY
from support.stored_documents import an_hour_later

WEEKLY = ("WeeklyConsolidation", "--date", "2024-01-07")
CONSOLIDATED = "processed/weekly/consolidated_week_1_20240107.json"
REQUESTS_OF_A_WEEK = 140
LATENCY_SECONDS = 0.06
"""Makes a week take about a second."""


def start(environment: Mapping[str, str], cwd: Path, *arguments: str) -> subprocess.Popen[bytes]:
    """Start luigi in a process group of its own."""
    return subprocess.Popen(
        luigi_command(*WEEKLY, "--local-scheduler", *arguments),
        env=dict(environment),
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def kill(run: subprocess.Popen[bytes]) -> None:
    """Kill luigi and its workers at once, as the machine's end would."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


def files_below(root: Path) -> list[Path]:
    found = [path for path in root.rglob("*") if path.is_file()]
    return [path for path in found if "logs" not in path.relative_to(root).parts]


def leftovers(root: Path) -> list[Path]:
    return [path for path in files_below(root) if path.suffix != ".json"]


def whole_documents(root: Path) -> dict[str, Any]:
    """Parse every document below the root, and see that each counts what it holds."""
    found = {}
    for path in root.rglob("*.json"):
        content = path.read_bytes()
        document = json.loads(content)
        assert content.endswith(b"}\n")
        if "movies" in document:
            info = document.get("collection_info") or document["consolidation_info"]
            claimed = info.get("total_collected", info.get("total_unique_movies"))
            assert claimed == len(document["movies"]) > 0
        found[path.relative_to(root).as_posix()] = document
    return found


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The films of a week that nothing disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed")
    with FakeTmdb(key=V3_KEY, limit=None) as tmdb:
        done = subprocess.run(
            luigi_command(*WEEKLY, "--local-scheduler"),
            env={
                "PATH": os.environ["PATH"],
                "TMDB_API_KEY": V3_KEY,
                "TMDB_API_URL": tmdb.url,
                "TMDB_REQUESTS_PER_SECOND": "1000",
                "PIPELINE_DATA_DIR": str(folder / "data"),
                "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
                "TMPDIR": str(folder),
            },
            cwd=folder,
            capture_output=True,
            check=True,
        )
    assert done.returncode == 0
    films: list[dict[str, Any]] = json.loads((folder / "data" / CONSOLIDATED).read_bytes())[
        "movies"
    ]
    return films


@pytest.mark.parametrize(
    ("workers", "requests", "seconds_after"),
    [
        (1, 1, 0.0),
        (1, 110, 0.0),
        (1, REQUESTS_OF_A_WEEK, 0.07),
        (4, 70, 0.01),
        (4, REQUESTS_OF_A_WEEK, 0.08),
    ],
)
def test_a_killed_week_leaves_whole_files_and_the_next_run_completes_it(
    luigi_run: LuigiRun,
    environment: dict[str, str],
    clean_environment: Path,
    data_dir: Path,
    undisturbed: list[dict[str, Any]],
    workers: int,
    requests: int,
    seconds_after: float,
) -> None:
    with FakeTmdb(key=V3_KEY, limit=None, latency=LATENCY_SECONDS) as slow:
        run = start(
            environment | {"TMDB_API_URL": slow.url},
            clean_environment,
            *("--workers", str(workers)),
        )
        deadline = time.monotonic() + 30
        while slow.count() < requests and run.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(seconds_after)
        kill(run)
        asked_before = slow.count()
    assert run.returncode == -signal.SIGKILL, "it was over before it could be killed"
    assert asked_before >= requests
    an_hour_later(*leftovers(data_dir))
    finished = {path: path.stat().st_mtime_ns for path in data_dir.rglob("*.json")}
    whole_documents(data_dir)

    again = luigi_run(*WEEKLY, "--workers", str(workers))
    assert again.status == 0, again.output
    documents = whole_documents(data_dir)
    assert len(documents) == 12  # eleven and root.json
    assert documents[CONSOLIDATED]["movies"] == undisturbed
    assert leftovers(data_dir) == []
    assert {path: path.stat().st_mtime_ns for path in finished} == finished


def test_what_a_dead_writer_left_behind_is_swept(luigi_run: LuigiRun, data_dir: Path) -> None:
    """A writer that is stopped between its temporary and the rename, made certain to happen."""
    half_written = """
import os, signal, sys
from pathlib import Path
from pipeline.storage import documents
os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGKILL)
documents.publish(Path(sys.argv[1]), {"movies": []})
"""
    target = data_dir / "raw/movies/genre/action_20240107.json"
    killed = subprocess.run(
        [sys.executable, "-c", half_written, str(target)], cwd=REPOSITORY, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    assert len(leftovers(data_dir)) == 1
    an_hour_later(*leftovers(data_dir))
    assert not target.exists()
    assert luigi_run("GenreMovies", "--date", "2024-01-07", "--genre", "action").status == 0
    assert leftovers(data_dir) == []
    assert len(whole_documents(data_dir)) == 2  # the list and root.json


def test_a_run_that_finds_all_done_removes_what_a_crash_left(
    luigi_run: LuigiRun, data_dir: Path
) -> None:
    """A writer that was stopped when its document had its name, and still another one."""
    command = ("GenreMovies", "--date", "2024-01-07", "--genre", "action")
    assert luigi_run(*command).status == 0
    target = data_dir / "raw/movies/genre/action_20240107.json"
    left = target.with_name(f".{target.name}.00ab42ff.tmp")
    of_luigid_0_1_0 = data_dir / "state/.luigid.pickle.7x_k2d1a.tmp"
    of_luigid_0_1_0.parent.mkdir(exist_ok=True)
    for path in (left, of_luigid_0_1_0):
        shutil.copy(target, path)
    an_hour_later(left, of_luigid_0_1_0)
    assert luigi_run(*command).status == 0
    assert leftovers(data_dir) == []
    assert not of_luigid_0_1_0.exists()
    assert len(whole_documents(data_dir)) == 2  # the list and root.json


def test_runs_of_the_same_week_at_once_all_end_well(
    environment: dict[str, str],
    clean_environment: Path,
    data_dir: Path,
    undisturbed: list[dict[str, Any]],
) -> None:
    runs = 4
    with FakeTmdb(key=V3_KEY, limit=None, latency=0.01) as tmdb:
        variables = environment | {"TMDB_API_URL": tmdb.url}
        started = [start(variables, clean_environment) for _ in range(runs)]
        try:
            statuses = [run.wait(timeout=60) for run in started]
        finally:
            for run in started:
                if run.poll() is None:
                    kill(run)
    assert statuses == [0] * runs
    documents = whole_documents(data_dir)
    assert len(documents) == 12  # eleven and root.json
    assert documents[CONSOLIDATED]["movies"] == undisturbed
    assert leftovers(data_dir) == []
