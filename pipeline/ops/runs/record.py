"""The run record: `logs/runs.jsonl`, one line when a run begins and one when it ends.

It knows the runs that failed, were killed, or ran without luigid, and never fails a run itself.
"""

import contextlib
import datetime
import os
from functools import partial
from glob import glob
from pathlib import Path
from typing import Any

import msgspec

from pipeline import clock, settings
from pipeline.documents import task_runs
from pipeline.documents.run_record import (
    ENDED,
    Entry,
    Instant,
    T,
    TaskRun,
    decode_lines,
    last_entries,
)
from pipeline.documents.task_runs import ALREADY_RUNNING as ALREADY_RUNNING
from pipeline.errors import NotPossible, StorageError
from pipeline.paths import Layout
from pipeline.roots import ROOTS
from pipeline.sanitize import plain
from pipeline.storage import documents, local

KILLED = 137  # the exit status that a shell says of a process ended by SIGKILL

WHY_KILLED = (
    "The run ended without reporting: it was killed (out of memory, `kill -9`, its time limit), or "
    "the machine went down. What is finished is kept; the next run goes on."
)

# A larger record becomes `runs.jsonl.1`, the next one `.2`; some 5,000 runs fit into one file.
MAX_BYTES = 4 << 20
_MAX_REASON, _MAX_ROWS = 1_000, 100


class _TaskEvent(msgspec.Struct):
    """A line of a day's journal; those of earlier versions name no run."""

    at: Instant
    task: str
    event: str
    run: str = ""
    file: str = ""


def append(layout: Layout, entry: Entry) -> None:
    """Write one line by one write, and never raise."""
    path = layout.run_record
    with contextlib.suppress(StorageError), local.exclusive(path.parent, path):
        if path.exists() and path.stat().st_size > MAX_BYTES:
            path.rename(f"{path}.{[0, *_earlier_numbers(path)][-1] + 1}")
        with open(path, "a+b", buffering=0, opener=partial(os.open, mode=0o640)) as file:
            file.seek(max(0, file.tell() - 1))
            is_cut = file.read(1) not in (b"", b"\n")  # as a full disk leaves a line
            file.write(b"\n" * is_cut + msgspec.json.encode(entry) + b"\n")


def end(layout: Layout, entry: Entry, status: int, reason: str | None) -> Entry:
    """Record the end of a run, and what its tasks did by the journal; return its entry."""
    why = plain(settings.redacted(reason))[:_MAX_REASON] if reason else None
    known = {"event": ENDED, "at": clock.instant(), "status": status, "reason": why}
    ended = msgspec.structs.replace(entry, **known, **_results(layout, entry))
    append(layout, ended)
    return ended


def entries(layout: Layout) -> list[Entry]:
    """Return the recorded runs of the last two files in the order of their beginning."""
    last = layout.run_record
    paths = (*(Path(f"{last}.{number}") for number in _earlier_numbers(last)[-1:]), last)
    return last_entries(entry for path in paths for entry in _decoded(path, Entry))


def find(layout: Layout, run_id: str) -> Entry:
    """Return the run whose ID this is or begins with, or raise NotPossible."""
    found = [each for each in entries(layout) if each.run_id.startswith(run_id)]
    found = [each for each in found if each.run_id == run_id] or found
    if len(found) == 1:
        return found[0]
    shown = repr(run_id[:60])
    what = f"Several runs begin with {shown}" if found else f"There is no run {shown} in the record"
    raise NotPossible(f"{what}: `tmdb-pipeline runs` lists the runs.")


def last_ended(layout: Layout) -> list[Entry]:
    """Return the last run of each root task that has ended, and was not skipped or paused."""
    runs = {each.task: each for each in entries(layout) if each.outcome in ("DONE", "FAILED")}
    return [run for task, run in runs.items() if task in ROOTS]


def has_run(layout: Layout, task: str, date: datetime.date) -> bool:
    """Return whether any run of that task and date is recorded."""
    return any((each.task, each.date) == (task, date) for each in entries(layout))


def is_over(layout: Layout, entry: Entry) -> bool:
    """Return whether no process of a run is alive, each of which holds a lock on its log."""
    if entry.log:
        with contextlib.suppress(OSError), local.open_end(layout.work / entry.log, 0) as log:
            try:
                if local.lock(log.fileno(), wait=False):
                    return True
            except BlockingIOError:
                return False
    # Without a log to ask for its lock: its time limit is 8 hours.
    return clock.now() - entry.began_at > datetime.timedelta(hours=9)


def _earlier_numbers(path: Path) -> list[int]:
    ends = [each.rpartition(".")[2] for each in glob(f"{path.name}.*", root_dir=path.parent)]
    return sorted(int(each) for each in ends if each.isdecimal())


def _decoded(path: Path, kind: type[T]) -> list[T]:
    with contextlib.suppress(OSError):
        return decode_lines(local.read_end(path, 8 << 20), kind)
    return []


def _results(layout: Layout, entry: Entry) -> dict[str, Any]:
    """Return what the tasks of a run did, by the journal of its date; of a range, by all."""
    journal, log = layout.journal(entry.date or clock.today()), f"{entry.run_id}.log"
    journals = [journal] if entry.date else sorted(journal.parent.glob("*.log"))
    days = [[e for e in _decoded(path, _TaskEvent) if e.run == log] for path in journals]
    files = dict.fromkeys(e.file for day in days for e in day if e.event == task_runs.DONE)
    tasks = [task for day in days for task in task_runs.runs(msgspec.to_builtins(day))]
    paths, folders = map(layout.root.joinpath, files), layout.list_folders
    infos = [documents.read_info(path) or {} for path in paths if path.parent in folders]
    return {
        "documents": list(files)[:_MAX_ROWS],
        "attempts": msgspec.convert(tasks[:_MAX_ROWS], list[TaskRun]),
        "requests": sum(info.get("requests", 0) for info in infos),
        "retries": sum(info.get("retries", 0) for info in infos),
    }
