"""Events on disk while the database does not accept them: one JSON line each, appended.

An event that is written twice counts once, so the file only grows until all of it is written.
"""

import contextlib
import errno
import itertools
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import msgspec

from pipeline.errors import StorageError
from pipeline.ops.history.events import Event
from pipeline.storage import local

LOGGER = logging.getLogger("luigi.history")
# The largest spool, some 600,000 events.
MAX_BYTES = 256 * 1024 * 1024
_MAX_LINE = 1 << 18


class Spool:
    """The spool of one luigid, which its own user alone can read.

    `waiting` is how many of its lines are not written yet; `damaged` are those that are no event.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written = 0
        self._lock = threading.Lock()
        self.damaged: set[int] = set()
        self.waiting = 0
        try:
            with self._opened() as stream:
                self.waiting = sum(1 for _ in _lines_of(stream))
        except StorageError as error:
            LOGGER.warning("%s", error)

    def append(self, events: Sequence[Event]) -> None:
        """Add the events, all or none, and flush them to the disk.

        Raises:
            StorageError: the disk is full, there is no permission, or the file is too large.
        """
        content = b"".join(msgspec.json.encode(each) + b"\n" for each in events)
        if not content:
            return
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        with self._lock, self._errors_as_sentence():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with open(os.open(self._path, flags, 0o600), "ab", buffering=0) as stream:
                size = stream.tell()
                if size + len(content) > MAX_BYTES:
                    raise StorageError(f"{self._path} has reached its greatest size.")
                if size > 0 and os.pread(stream.fileno(), 1, size - 1) != b"\n":
                    content = b"\n" + content
                try:
                    if stream.write(content) < len(content):
                        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
                    local.sync(stream.fileno())
                except OSError:
                    stream.truncate(size)
                    raise
            self.waiting += len(events)

    def batches(self, count: int) -> Iterator[list[Event]]:
        """Yield the events of so many lines at a time, and remove the file after the last.

        Those of a batch count as written when the next one is asked for.
        """
        while self.waiting:
            with self._lock, self._opened() as stream:
                stream.seek(self._written)
                lines = list(itertools.islice(_lines_of(stream), count))
                end = stream.tell()
            yield [event for line in lines if (event := self._event(line))]
            with self._lock, self._errors_as_sentence():
                self._written, self.waiting = end, max(0, self.waiting - len(lines))
                if not self._path.exists() or self._path.stat().st_size <= end:
                    self._path.unlink(missing_ok=True)
                    self._written = self.waiting = 0

    def _event(self, line: bytes) -> Event | None:
        try:
            return msgspec.json.decode(line, type=Event)
        except (msgspec.DecodeError, RecursionError) as error:
            if not self.damaged:
                LOGGER.warning("%s: skipped a line that is no event (%s).", self._path, error)
            self.damaged.add(hash(line))
            return None

    @contextlib.contextmanager
    def _opened(self) -> Iterator[IO[bytes]]:
        """Open the file for reading; one that is not there is empty."""
        with self._errors_as_sentence():
            path = self._path if self._path.exists() else Path(os.devnull)
            with path.open("rb") as stream:
                yield stream

    @contextlib.contextmanager
    def _errors_as_sentence(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be used: {error.strerror}; fix that disk or folder, or "
                "history events are lost while PostgreSQL does not serve.",
                path=str(self._path),
            ) from None


def _lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield line by line; a line longer than any event comes in pieces, all of them damaged."""
    return (line for line in iter(lambda: stream.readline(_MAX_LINE), b"") if line.strip())
