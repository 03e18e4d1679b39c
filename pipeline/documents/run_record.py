"""The lines of the run record, and the runs that they describe. Pure."""

import contextlib
import datetime
from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from pipeline.documents.task_runs import ALREADY_RUNNING, is_paused

STARTED, ENDED = "started", "ended"

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

    def as_json(self) -> dict[str, Any]:
        """Return its fields as they stand in the record."""
        row: dict[str, Any] = msgspec.to_builtins(self)
        return row

    @property
    def began_at(self) -> datetime.datetime:
        """Return when the run began."""
        return self.started_at or self.at

    @property
    def outcome(self) -> str:
        """Return `RUNNING`, `DONE`, `SKIPPED`, `PAUSED` or `FAILED`."""
        if is_paused(self.status, self.reason):
            return "PAUSED"
        known: dict[int | None, str] = {None: "RUNNING", 0: "DONE", ALREADY_RUNNING: "SKIPPED"}
        return known.get(self.status, "FAILED")

    @property
    def seconds(self) -> float | None:
        """Return its duration, waits between attempts included; None until it has ended."""
        duration = (self.at - self.began_at).total_seconds()
        return max(0.0, round(duration, 3)) if self.event == ENDED else None


def decode_lines(content: bytes, kind: type[T]) -> list[T]:
    """Return the lines of that kind; one of another form, as a full disk leaves, is skipped."""
    decoder, found = msgspec.json.Decoder(kind), []
    for line in content.splitlines():
        with contextlib.suppress(msgspec.MsgspecError, RecursionError):
            found.append(decoder.decode(line))
    return found


def last_entries(lines: Iterable[Entry]) -> list[Entry]:
    """Return each run by its last line, in the order of their beginning."""
    runs: dict[str, Entry] = {}
    for entry in lines:
        began_at = runs.get(entry.run_id, entry).began_at
        runs[entry.run_id] = msgspec.structs.replace(entry, started_at=began_at)
    return list(runs.values())
