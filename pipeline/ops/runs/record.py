"""The run record: `logs/runs.jsonl`, one line when a run begins and one when it ends.

It knows what neither the documents nor luigid's history know: failures, runs of the local
scheduler, and runs that were killed. A record that cannot be written never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import fcntl
import json
import os
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import clock, settings
from pipeline.documents import json_text
from pipeline.paths import Layout
from pipeline.sanitize import plain
from pipeline.storage import local

STARTED, ENDED = "started", "ended"

KILLED = 137
"""The exit status by which a shell knows a process that SIGKILL ended."""

WHY_KILLED = (
    "The run ended without reporting: it was killed (out of memory, `kill -9`, its time limit), or "
    "the machine went down. What is finished is kept; the next run goes on."
)

MAX_AGE = datetime.timedelta(hours=9)
"""A run without a log to ask for its lock counts as ended after this: its time limit is 8 hours."""

_READ_BYTES = 4 << 20
"""Bytes that are read from the end of the record: some 10,000 runs."""

_LOCK_ATTEMPTS, _LOCK_SECONDS = 100, 0.01

_MAX_REASON = 1_000
"""Characters of a reason that are kept."""


class Entry(NamedTuple):
    """One run as its lines in the record describe it; `ended_at` is None until it has ended."""

    run_id: str
    task: str
    date: str | None
    started_at: datetime.datetime
    ended_at: datetime.datetime | None
    status: int | None
    reason: str | None
    started_by: str
    scheduler: str
    version: str
    log: str | None
    unattended: bool


def append(layout: Layout, event: str, entry: Entry) -> None:
    """Write one line of a run; never raises.

    Args:
        layout: the data root.
        event: `started` or `ended`.
        entry: what is known of the run at that moment.
    """
    at = entry.ended_at if event == ENDED else entry.started_at
    line = {
        "run_id": entry.run_id,
        "task": entry.task,
        "date": entry.date,
        "event": event,
        "at": (at or clock.now()).isoformat(),
        "status": entry.status if event == ENDED else None,
        "reason": _short(entry.reason) if event == ENDED else None,
        "started_by": entry.started_by,
        "scheduler": entry.scheduler,
        "version": entry.version,
        "log": entry.log,
        "unattended": entry.unattended,
    }
    with contextlib.suppress(OSError):
        _append(layout.run_record, json.dumps(line, ensure_ascii=False))


def entries(layout: Layout) -> list[Entry]:
    """Return the recorded runs in the order of their beginning; empty where none can be read.

    A line of another form, like the half line that a full disk leaves, is passed over.
    """
    try:
        text = local.read_end(layout.run_record, _READ_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return []
    runs: dict[str, Entry] = {}
    for line in text.splitlines():
        if event := _event(line):
            runs[event["run_id"]] = _with(runs.get(event["run_id"]), event)
    return list(runs.values())


def has_run(layout: Layout, task: str, date: datetime.date) -> bool:
    """Return whether any run of that task and date is recorded."""
    return any(each.task == task and each.date == date.isoformat() for each in entries(layout))


def killed(layout: Layout) -> list[Entry]:
    """Return each run that ended without recording it.

    A run holds a lock on its log as long as one of its processes is alive.
    """
    return [each for each in entries(layout) if each.ended_at is None and _is_over(layout, each)]


def close(layout: Layout, entry: Entry) -> None:
    """Record the end of a run that was killed."""
    ended = entry._replace(ended_at=clock.now(), status=KILLED, reason=WHY_KILLED)
    append(layout, ENDED, ended)


def _append(path: Path, line: str) -> None:
    """Add a line by one write; half a line that a full disk left gets its end first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
    try:
        is_alone = _is_alone(descriptor)
        size = os.fstat(descriptor).st_size
        cut = is_alone and size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
        os.write(descriptor, b"\n" * cut + line.encode("utf-8", errors="replace") + b"\n")
    finally:
        os.close(descriptor)


def _is_alone(descriptor: int) -> bool:
    """Lock the record for this write; a writer that hangs is waited for a moment only."""
    pause = threading.Event()
    for _ in range(_LOCK_ATTEMPTS):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pause.wait(_LOCK_SECONDS)
        except OSError:
            return False
        else:
            return True
    return False


def _is_over(layout: Layout, entry: Entry) -> bool:
    """Return whether no process of the run is alive any more."""
    if entry.log:
        with contextlib.suppress(OSError):
            return _is_free(layout.root / entry.log)
    return clock.now() - entry.started_at > MAX_AGE


def _is_free(log: Path) -> bool:
    """Return whether nobody holds the lock of a log.

    Raises:
        OSError: it cannot be opened, or its file system has no locks.
    """
    descriptor = os.open(log, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True


def _short(reason: str | None) -> str | None:
    return plain(settings.redacted(reason))[:_MAX_REASON] if reason else None


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json_text.decode(line)
        event["at"] = datetime.datetime.fromisoformat(event["at"]).astimezone(datetime.UTC)
        texts: Iterable[Any] = (event["run_id"], event["task"], event["event"])
        return event if all(isinstance(each, str) for each in texts) else None
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def _with(known: Entry | None, event: dict[str, Any]) -> Entry:
    """Return the run with what another line says of it."""
    ended = event["event"] == ENDED
    status = event.get("status")
    return Entry(
        run_id=event["run_id"],
        task=event["task"],
        date=_text(event.get("date")),
        started_at=known.started_at if known else event["at"],
        ended_at=event["at"] if ended else None,
        status=status if isinstance(status, int) else None,
        reason=_text(event.get("reason")),
        started_by=_text(event.get("started_by")) or "manual",
        scheduler=_text(event.get("scheduler")) or "local",
        version=_text(event.get("version")) or "",
        log=_text(event.get("log")),
        unattended=event.get("unattended") is not False,
    )


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
