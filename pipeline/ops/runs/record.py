"""The run record: `logs/runs.jsonl`, one line when a run begins and one when it ends.

It knows what neither the documents nor luigi's history know: failures, runs of the local scheduler,
and runs that were killed. A record that cannot be written never fails a run.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import threading
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from pipeline import clock, settings
from pipeline.documents import task_runs
from pipeline.ops.private_files import try_lock
from pipeline.paths import Layout
from pipeline.sanitize import plain
from pipeline.storage import documents, local

STARTED, ENDED = "started", "ended"

ALREADY_RUNNING, KILLED = 10, 137
"""Exit statuses: another run was in progress; what a shell says of a process ended by SIGKILL."""

WHY_KILLED = (
    "The run ended without reporting: it was killed (out of memory, `kill -9`, its time limit), or "
    "the machine went down. What is finished is kept; the next run goes on."
)

MAX_AGE = datetime.timedelta(hours=9)
"""A run without a log to ask for its lock counts as ended after this: its time limit is 8 hours."""

MAX_BYTES = 4 << 20
"""A larger record becomes `runs.jsonl.1`, the next one `.2`; some 5,000 runs fit into one file."""

_READ_BYTES = 8 << 20
_LOCK_ATTEMPTS, _LOCK_SECONDS = 100, 0.01
_MAX_REASON, _MAX_ROWS = 1_000, 100

Instant = Annotated[datetime.datetime, msgspec.Meta(tz=True)]
T = TypeVar("T")


class TaskRun(msgspec.Struct, frozen=True):
    """One task in a run: its attempts, and how the last one ended (done, failed, running)."""

    task: str
    attempts: int
    outcome: str
    seconds: float | None = None

    @property
    def family(self) -> str:
        """Return the task without its genre or list."""
        return self.task.partition("(")[0]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One run as its last line in the record describes it; the last four fields once it ended."""

    run_id: str
    task: str
    date: datetime.date | None = None
    event: Literal["started", "ended"] = "started"
    at: Instant
    status: int | None = None
    reason: str | None = None
    started_by: str = "manual"
    scheduler: str = "local"
    version: str = ""
    log: str | None = None
    unattended: bool = True
    started_at: Instant | None = None
    documents: list[str] = []
    attempts: list[TaskRun] = []
    requests: int = 0
    retries: int = 0

    @property
    def began_at(self) -> datetime.datetime:
        """Return when the run began."""
        return self.started_at or self.at

    @property
    def outcome(self) -> str:
        """Return `RUNNING`, `DONE`, `SKIPPED` or `FAILED`."""
        if self.event == STARTED:
            return "RUNNING"
        by_status: dict[int | None, str] = {0: "DONE", ALREADY_RUNNING: "SKIPPED"}
        return by_status.get(self.status, "FAILED")

    @property
    def seconds(self) -> float | None:
        """Return its duration, waits between attempts included; None until it has ended."""
        duration = (self.at - self.began_at).total_seconds()
        return max(0.0, round(duration, 3)) if self.event == ENDED else None


class _TaskEvent(msgspec.Struct):
    """A line of a day's journal; those of earlier versions name no run."""

    at: Instant
    task: str
    event: str
    run: str = ""
    file: str = ""


def append(layout: Layout, entry: Entry) -> None:
    """Write one line, by one write; never raises.

    Half a line that a full disk left gets its end first. A writer that hangs is waited for a
    moment only.
    """
    path, pause = layout.run_record, threading.Event()
    with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o640)
        stack.callback(os.close, descriptor)
        attempts = range(_LOCK_ATTEMPTS)
        is_alone = any(try_lock(descriptor) or pause.wait(_LOCK_SECONDS) for _ in attempts)
        opened = os.fstat(descriptor)
        if opened.st_size > MAX_BYTES and is_alone and os.path.samestat(path.stat(), opened):
            *earlier, _ = _files(layout)
            number = int(earlier[-1].suffix[1:]) + 1 if earlier else 1
            path.rename(path.with_name(f"{path.name}.{number}"))
            append(layout, entry)
        else:
            last = opened.st_size - 1
            is_cut = last >= 0 and os.pread(descriptor, 1, last) != b"\n"
            os.write(descriptor, b"\n" * is_cut + msgspec.json.encode(entry) + b"\n")


def end(layout: Layout, entry: Entry, status: int, reason: str | None) -> Entry:
    """Record the end of a run, and what its tasks did by the journal; return its entry."""
    ended = msgspec.structs.replace(
        entry,
        event=ENDED,
        at=clock.instant(),
        status=status,
        reason=plain(settings.redacted(reason))[:_MAX_REASON] if reason else None,
        **_results(layout, entry),
    )
    append(layout, ended)
    return ended


def entries(layout: Layout) -> list[Entry]:
    """Return the recorded runs of the last two files in the order of their beginning."""
    runs: dict[str, Entry] = {}
    for path in _files(layout)[-2:]:
        for entry in _decoded(path, Entry):
            began_at = runs.get(entry.run_id, entry).began_at
            runs[entry.run_id] = msgspec.structs.replace(entry, started_at=began_at)
    return list(runs.values())


def has_run(layout: Layout, task: str, date: datetime.date) -> bool:
    """Return whether any run of that task and date is recorded."""
    return any((each.task, each.date) == (task, date) for each in entries(layout))


def is_over(layout: Layout, entry: Entry) -> bool:
    """Return whether no process of a run is alive, each of which holds a lock on its log."""
    if entry.log:
        with contextlib.suppress(OSError), local.open_end(layout.root / entry.log, 0) as log:
            try:
                if local.lock(log.fileno(), wait=False):
                    return True
            except BlockingIOError:
                return False
    return clock.now() - entry.began_at > MAX_AGE


def _files(layout: Layout) -> list[Path]:
    """Return the files of the record, oldest first."""
    name = layout.run_record.name
    found = _listed(layout.logs, f"{name}.*")
    earlier = [path for path in found if path.suffix[1:].isdecimal()]
    return [*sorted(earlier, key=lambda path: int(path.suffix[1:])), layout.run_record]


def _listed(folder: Path, pattern: str) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(folder.glob(pattern))
    return []


def _decoded(path: Path, kind: type[T]) -> list[T]:
    """Return the lines of a file; one of another form, as a full disk leaves, is skipped."""
    decoder, found = msgspec.json.Decoder(kind), []
    with contextlib.suppress(OSError):
        for line in local.read_end(path, _READ_BYTES).splitlines():
            with contextlib.suppress(msgspec.MsgspecError, RecursionError):
                found.append(decoder.decode(line))
    return found


def _results(layout: Layout, entry: Entry) -> dict[str, Any]:
    """Return what the tasks of a run did, by the journal of its date; of a range, by all."""
    folder = layout.journal(clock.today()).parent
    journals = [layout.journal(entry.date)] if entry.date else _listed(folder, "*.log")
    files: dict[str, None] = {}
    tasks: list[dict[str, Any]] = []
    for journal in journals:
        events = [e for e in _decoded(journal, _TaskEvent) if e.run == f"{entry.run_id}.log"]
        files |= {e.file: None for e in events if e.event == task_runs.DONE}
        tasks += task_runs.runs(msgspec.to_builtins(events))
    paths = [layout.root / name for name in files]
    lists = [path for path in paths if path.parent in layout.list_folders]
    infos = [documents.read_info(path) or {} for path in lists]
    return {
        "documents": list(files)[:_MAX_ROWS],
        "attempts": msgspec.convert(tasks[:_MAX_ROWS], list[TaskRun]),
        "requests": sum(info.get("requests", 0) for info in infos),
        "retries": sum(info.get("retries", 0) for info in infos),
    }
