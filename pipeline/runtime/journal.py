"""When each task began and how it ended, a line an event, in a file of the day below the logs.

So the summary and the page can tell how a day went, attempts included, without luigid and without
a database. A journal that cannot be written or read never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import json
import os
from pathlib import Path
from typing import Any

import luigi

from pipeline import clock
from pipeline.documents import json_text
from pipeline.documents.task_runs import DONE, FAILED, START, runs
from pipeline.errors import PipelineError
from pipeline.paths import Layout
from pipeline.storage import bounded
from pipeline.tasks.base import PipelineTask
from pipeline.tasks.decoration import optional

KEPT_DAYS = 60

LONGEST_LINE = 1_000
"""Characters of a line that can be an event; a task's name is the only part of any length."""

_EVENTS = {
    luigi.Event.START: START,
    luigi.Event.SUCCESS: DONE,
    luigi.Event.FAILURE: FAILED,
    luigi.Event.PROCESS_FAILURE: FAILED,
    luigi.Event.TIMEOUT: FAILED,
}


def install() -> None:
    """Write down what luigi tells of our tasks from now on."""
    for of_luigi, ours in _EVENTS.items():
        PipelineTask.event_handler(of_luigi)(_writer(ours))


def timeline(asking: PipelineTask) -> list[dict[str, Any]]:
    """Return how the tasks of a task's day went, as `timeline.runs` tells it.

    The task that asks is about to be done. Empty where nothing is known.
    """
    return optional(
        lambda: _timeline(asking), [], f"The tasks of {asking.date} are not part of the summary"
    )


def _timeline(asking: PipelineTask) -> list[dict[str, Any]]:
    try:
        path = asking.layout.journal(asking.date)
        lines = bounded.read(path).decode(errors="replace").split("\n")
    except FileNotFoundError:
        return []
    end = {"at": clock.instant().isoformat(), "task": _name(asking), "event": DONE}
    return runs([*filter(None, map(_event, lines)), end])


def sweep(layout: Layout, now: datetime.datetime) -> list[Path]:
    """Remove the journals of days longer ago than 60 days, and return them.

    Told by when they were last written: the day of a late collection may be long ago.
    """
    folder = layout.journal(now.date()).parent
    oldest = (now - datetime.timedelta(days=KEPT_DAYS)).timestamp()
    return [path for path in folder.glob("????????.log") if _is_removed(path, oldest)]


def _is_removed(path: Path, oldest: float) -> bool:
    try:
        if path.lstat().st_mtime >= oldest:
            return False
        path.unlink()
    except OSError:
        return False
    return True


def _writer(event: str) -> Any:
    def write(task: PipelineTask, *_: Any) -> None:
        with contextlib.suppress(OSError, PipelineError):
            _append(task, event)

    return write


def _append(task: PipelineTask, event: str) -> None:
    path = task.layout.journal(task.date)
    line = json.dumps({"at": clock.instant().isoformat(), "task": _name(task), "event": event})
    path.parent.mkdir(parents=True, exist_ok=True)
    # Without O_NONBLOCK a pipe that nobody reads would hold the task for ever.
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
    descriptor = os.open(path, flags, 0o640)
    try:
        os.write(descriptor, line.encode() + b"\n")
    finally:
        os.close(descriptor)


def _name(task: PipelineTask) -> str:
    genre = getattr(task, "genre", None)
    return f"{task.task_family}({genre})" if genre else str(task.task_family)


def _event(line: str) -> dict[str, Any] | None:
    """Read a line back; None for half a line, which a full disk leaves, and for any other text."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        event = json_text.decode(line)
        at = datetime.datetime.fromisoformat(event["at"])
        known = {"at": at.isoformat(), "task": event["task"], "event": event["event"]}
    except (ValueError, KeyError, TypeError):
        return None
    is_ours = at.tzinfo is not None and known["event"] in (START, DONE, FAILED)
    return known if is_ours and isinstance(known["task"], str) else None
