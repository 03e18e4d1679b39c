"""prune and the task history in a real PostgreSQL."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from support.commands import run_in_process
from support.operate import document

from pipeline import clock
from pipeline.ops.history.store import Event, HistoryStore


def event(task_id: str, name: str, days_ago: int) -> Event:
    at = clock.now() - timedelta(days=days_ago)
    return Event(
        task_id=task_id, family="PopularMovies", params={"date": "2024-01-07"}, host=None,
        name=name, at=at,
    )  # fmt: skip


def test_rows_of_the_history_go_by_their_time(
    store: HistoryStore, tables_url: str, root: Path
) -> None:
    store.write([event("old", "RUNNING", 190), event("old", "DONE", 190)])
    store.write([event("new", "RUNNING", 170), event("new", "DONE", 170)])
    variables = {
        "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(root), "PIPELINE_HISTORY_URL": tables_url,
    }  # fmt: skip
    words = ("prune", "--runtime", "host", "--json")

    planned = run_in_process(*words, "--dry-run", env=variables, cwd=root)
    assert document(planned)["history_rows"] is None
    assert {each.task_id for each in store.runs()} == {"old", "new"}

    done = run_in_process(*words, "--yes", env=variables, cwd=root)
    assert done.status == 0, done.output
    assert document(done)["history_rows"] == 2
    assert [each.task_id for each in store.runs()] == ["new"]
    again = run_in_process(*words, "--yes", env=variables, cwd=root)
    assert document(again)["history_rows"] == 0
