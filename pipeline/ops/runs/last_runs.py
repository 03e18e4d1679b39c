"""The last runs, from the history where it can be had and from the files where not."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from pipeline import clock
from pipeline.errors import PipelineError
from pipeline.ops.history.queries import Run
from pipeline.ops.history.store import open_history
from pipeline.ops.roots import ROOTS, STEPS
from pipeline.ops.runs import run_files
from pipeline.ops.runs.root_runs import RootRun, root_runs
from pipeline.ops.settings import history_url
from pipeline.paths import Layout
from pipeline.settings import Settings

LOOK_BACK = datetime.timedelta(days=60)
MAX_RUNS = 10
"""The number of runs that are shown of one task."""

Row = dict[str, Any]


def last_runs(settings: Settings, task: str | None) -> tuple[list[Row], list[str]]:
    """Return the last run of each root task, or the last ten of one task; and what to know of them.

    A run without luigid leaves files and no history; newer files replace what the history states.
    """
    attempts, notes = _attempts()
    layout = Layout(settings.data_dir)
    if task is None:
        rows = [row for root in ROOTS if (row := _newest(root, attempts, layout))]
        return rows, notes
    if task in STEPS:
        rows = [_of_a_root(run) for run in root_runs(task, attempts)[:MAX_RUNS]]
        file_row = None if rows else run_files.last_run(task, layout)
        return rows + ([file_row] if file_row else []), notes
    steps = [each for each in attempts if each.family == task and each.started_at]
    return [_of_an_attempt(each) for each in steps[:MAX_RUNS]], notes


def _attempts() -> tuple[Sequence[Run], list[str]]:
    try:
        with open_history(history_url()) as store:
            return store.runs(since=clock.now() - LOOK_BACK), []
    except PipelineError as error:
        return [], [f"{error} The last runs are taken from the files, which show successes only."]


def _newest(root: str, attempts: Sequence[Run], layout: Layout) -> Row | None:
    runs = root_runs(root, attempts)
    by_history = _of_a_root(runs[0]) if runs else None
    by_files = run_files.last_run(root, layout)
    if not by_history or not by_files:
        return by_history or by_files
    history_at = by_history["ended_at"] or by_history["started_at"]
    return by_files if _minutes_between(history_at, by_files["ended_at"]) > 1 else by_history


def _minutes_between(earlier: str, later: str) -> float:
    first, second = (datetime.datetime.fromisoformat(each) for each in (earlier, later))
    return (second - first).total_seconds() / 60


def _of_a_root(run: RootRun) -> Row:
    return {
        "task": run.family,
        "date": run.date,
        "outcome": run.outcome,
        "started_at": _text(run.started_at),
        "ended_at": _text(run.ended_at),
        "seconds": run.seconds,
        "attempts": run.attempts,
        "reason": run.reason,
        "source": "history",
    }


def _of_an_attempt(attempt: Run) -> Row:
    return {
        "task": attempt.family,
        **{
            name: value
            for name, value in attempt.params.items()
            if name in ("date", "genre", "list")
        },
        "outcome": attempt.outcome,
        "started_at": _text(attempt.started_at),
        "ended_at": _text(attempt.ended_at),
        "seconds": attempt.seconds,
        "attempts": attempt.attempt,
        "reason": attempt.reason,
        "source": "history",
    }


def _text(at: datetime.datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
