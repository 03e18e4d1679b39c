"""The record of deleted dates: what stays of a day or week when its documents go.

Scores and check results name no movie, so they may be kept longer than TMDB's lists.
"""

import contextlib
import datetime
from collections.abc import Iterable
from typing import Any

import msgspec

from pipeline import clock
from pipeline.documents.run_record import decode_lines
from pipeline.errors import PipelineError
from pipeline.paths import Layout
from pipeline.roots import ROOTS
from pipeline.storage import documents
from pipeline.storage.documents import storage_of

_MAX_BYTES = 64 << 20

Key = tuple[str, datetime.date]  # root task and date


class Deleted(msgspec.Struct, frozen=True, kw_only=True):
    """A date of a root task whose documents were deleted, and the scores that it had."""

    task: str
    date: datetime.date
    deleted_at: datetime.datetime
    verdict: str | None = None
    score: float | None = None
    checks: dict[str, str] = {}  # rule -> its status


def read(layout: Layout) -> list[Deleted]:
    """Return the deleted dates in the order of their deletion; a damaged line is skipped."""
    with contextlib.suppress(PipelineError):
        return decode_lines(
            storage_of(layout.deleted).read_end(layout.deleted, _MAX_BYTES), Deleted
        )
    return []


def dates(layout: Layout) -> set[Key]:
    """Return the root task and the date of everything that was deleted."""
    return {(each.task, each.date) for each in read(layout)}


def record(layout: Layout, keys: Iterable[Key]) -> None:
    """Record dates, flushed to the disk, whose documents are deleted next, or raise."""
    is_there = documents.exists(layout.deleted)
    content = storage_of(layout.deleted).read(layout.deleted) if is_there else b""
    lines = [*content.splitlines(), *(msgspec.json.encode(_entry(layout, *key)) for key in keys)]
    documents.replace(layout.deleted, b"".join(line + b"\n" for line in lines))


def _entry(layout: Layout, task: str, date: datetime.date) -> Deleted:
    """Return what stays of a date, by its report where that can be read."""
    scores: dict[str, Any] = {}
    with contextlib.suppress(PipelineError, LookupError, TypeError):
        report = documents.read_report(ROOTS[task].report(layout, date))
        checks = {e["id"]: "pass" if e["success"] else e["severity"] for e in report["checks"]}
        scores = {"verdict": report["verdict"], "score": report["overall_quality_score"]}
        scores["checks"] = checks
    return Deleted(task=task, date=date, deleted_at=clock.now(), **scores)
