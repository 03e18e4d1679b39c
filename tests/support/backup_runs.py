"""Backups and restores as a user runs them, and the history that they are of."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.backup_files import REPORT
from support.commands import run_in_process
from support.luigi_runs import Run, installed, run_command
from support.operate import document
from support.postgres import Postgres

from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret

TABLES = ("tasks", "task_parameters", "task_events", "task_failures")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data root with one report."""
    report = tmp_path / "data" / "raw" / REPORT
    report.parent.mkdir(parents=True)
    report.write_text('{"validation_date": "2024-01-07"}\n')
    return tmp_path / "data"


def variables(root: Path) -> dict[str, str]:
    """The environment of a command with that data root, whose old report stays in backups."""
    keeps = {"PIPELINE_KEEP_DAYS": "by-agreement-with-tmdb"}
    return {**os.environ, "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(root), **keeps}


def run(*words: str, root: Path, **changes: str | None) -> Run:
    """Run `tmdb-pipeline WORDS` with that data root in this process."""
    return run_in_process(*words, env={**variables(root), **changes}, cwd=Path.cwd())


def run_as_process(*words: str, root: Path, **changes: str | None) -> Run:
    """Run `tmdb-pipeline WORDS` with that data root in a process of its own."""
    command = [installed("tmdb-pipeline"), *words]
    return run_command(command, {**variables(root), **changes}, Path.cwd())


def made(root: Path, *words: str, **changes: str | None) -> Path:
    """The file of a backup that worked."""
    done = run("backup", "--runtime", "host", "--json", *words, root=root, **changes)
    assert done.status == 0, done.output
    return Path(document(done)["file"])


def restored(file: Path, root: Path, *words: str, **changes: str | None) -> Run:
    """A restore of that file, without a question."""
    return run("restore", str(file), "--yes", "--runtime", "host", *words, root=root, **changes)


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def rows(server: Postgres, database: str) -> dict[str, list[tuple[object, ...]]]:
    """Every row of the history."""
    return {
        name: sorted(server.execute(f"SELECT * FROM {name}", database=database), key=repr)
        for name in TABLES
    }


def with_programs(server: Postgres) -> str:
    """A PATH on which the server's pg_dump comes first."""
    return f"{server.bin}:{os.environ['PATH']}"


def write_history(url: str) -> HistoryStore:
    """A year's kinds of events: done, failed twice with a reason, still running."""
    store = HistoryStore(Secret(url))
    store.create_schema()
    at = datetime(2024, 1, 7, 2, tzinfo=UTC)
    names = ["RUNNING", "FAILED", "RUNNING", "FAILED", "RUNNING", "DONE"]
    store.write(
        [
            Event(
                task_id=f"Genre_{day}",
                family="GenreMovies",
                params={"date": f"2024-01-{day:02}", "genre": "공포"},
                host="host",
                name=name,
                at=at + timedelta(seconds=second),
                reason="닫힘 'quoted' \\ ; DROP" if name == "FAILED" else None,
            )
            for day in range(1, 21)
            for second, name in enumerate(names)
        ]
    )
    return store
