"""The journal of a day: one line for each start and end of a task, in a file below the logs.

The summary and the page show the task runs of their day from it, attempts included, without luigid
and without a database. A journal that cannot be written or read never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import json
import os
from pathlib import Path
from typing import Any

import luigi

from pipeline import clock, settings
from pipeline.documents import json_text
from pipeline.documents.task_runs import DONE, FAILED, START, runs
from pipeline.errors import PipelineError
from pipeline.paths import Layout
from pipeline.runtime.append_file import open_append
from pipeline.runtime.best_effort import optional
from pipeline.runtime.events import on_event
from pipeline.storage import bounded

KEEP_DAYS = 60

MAX_LINE_LENGTH = 1_000
"""Longer lines are ignored. Only the name of a task has no fixed length."""

_EVENTS = {
    luigi.Event.START: START,
    luigi.Event.SUCCESS: DONE,
    luigi.Event.FAILURE: FAILED,
    luigi.Event.PROCESS_FAILURE: FAILED,
    luigi.Event.TIMEOUT: FAILED,
}


def install() -> None:
    """Append a line at each of these events of our tasks from now on."""
    for luigi_event, event in _EVENTS.items():
        on_event(luigi_event, functools.partial(_append, event))


def task_runs(task: luigi.Task) -> list[dict[str, Any]]:
    """Return the task runs of a task's day, in the form of `documents.task_runs.runs`.

    The task itself is counted as done: it asks while it makes its document. The list is empty if
    nothing is known.
    """
    loss = f"The tasks of {task.date} are not part of the summary"
    return optional(lambda: _read(task), [], loss)


def _read(task: luigi.Task) -> list[dict[str, Any]]:
    try:
        lines = bounded.read(_path(task)).decode(errors="replace").split("\n")
    except FileNotFoundError:
        return []
    end = {"at": clock.instant().isoformat(), "task": _name(task), "event": DONE}
    return runs([*filter(None, map(_event, lines)), end])


def sweep(layout: Layout, now: datetime.datetime) -> list[Path]:
    """Remove the journals that were last written more than 60 days ago, and return them.

    The day in the name does not count: a late collection is of a day long ago.
    """
    folder = layout.journal(now.date()).parent
    oldest = (now - datetime.timedelta(days=KEEP_DAYS)).timestamp()
    return [path for path in folder.glob("????????.log") if _remove_if_older(path, oldest)]


def _remove_if_older(path: Path, oldest: float) -> bool:
    try:
        if path.lstat().st_mtime >= oldest:
            return False
        path.unlink()
    except OSError:
        return False
    return True


def _append(event: str, task: luigi.Task, *_: Any) -> None:
    line = json.dumps({"at": clock.instant().isoformat(), "task": _name(task), "event": event})
    with contextlib.suppress(OSError, PipelineError):
        descriptor = open_append(_path(task))
        try:
            os.write(descriptor, line.encode() + b"\n")
        finally:
            os.close(descriptor)


def _path(task: luigi.Task) -> Path:
    return Layout(settings.current().data_dir).journal(task.date)


def _name(task: luigi.Task) -> str:
    genre = getattr(task, "genre", None)
    return f"{task.task_family}({genre})" if genre else str(task.task_family)


def _event(line: str) -> dict[str, Any] | None:
    """Parse a line; return None for half a line, which a full disk leaves, and other text."""
    if len(line) > MAX_LINE_LENGTH:
        return None
    try:
        event = json_text.decode(line)
        at = datetime.datetime.fromisoformat(event["at"])
        known = {"at": at.isoformat(), "task": event["task"], "event": event["event"]}
    except (ValueError, KeyError, TypeError):
        return None
    is_valid = at.tzinfo is not None and known["event"] in (START, DONE, FAILED)
    return known if is_valid and isinstance(known["task"], str) else None
