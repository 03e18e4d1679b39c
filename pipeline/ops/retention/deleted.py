"""The record of deleted dates: what stays of a day or week when its documents go.

Scores and check results name no movie, so they may be kept longer than TMDB's lists.
"""

import contextlib
import datetime
import os

import msgspec

from pipeline.paths import Layout
from pipeline.storage import local

_MAX_BYTES = 64 << 20


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
    decoder, found = msgspec.json.Decoder(Deleted), []
    with contextlib.suppress(OSError):
        for line in local.read_end(layout.deleted, _MAX_BYTES).splitlines():
            with contextlib.suppress(msgspec.MsgspecError):
                found.append(decoder.decode(line))
    return found


def dates(layout: Layout) -> set[tuple[str, datetime.date]]:
    """Return the root task and the date of everything that was deleted."""
    return {(each.task, each.date) for each in read(layout)}


def append(layout: Layout, entry: Deleted, folder: int) -> None:
    """Add a line, flushed to the disk, to the record in that open folder, through no link."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(
        os.open(layout.deleted.name, flags, 0o644, dir_fd=folder), "r+b", buffering=0
    ) as file:
        file.seek(max(0, os.fstat(file.fileno()).st_size - 1))
        is_cut = file.read(1) not in (b"", b"\n")  # as a full disk leaves a line
        file.write(b"\n" * is_cut + msgspec.json.encode(entry) + b"\n")
        local.sync(file.fileno())
    local.sync(folder)
