"""Events on disk, for while the database does not take them: one JSON line each, appended.

An event is known by its instant, so a line that was written to the database and is read here once
more does no harm. That makes the file simple: it only grows, and is emptied when all is written.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import IO

from pipeline.documents import json_text
from pipeline.errors import StorageError
from pipeline.ops.scheduler.events import Event
from pipeline.storage import local

LOGGER = logging.getLogger("luigi.history")

_MOST_BYTES = 256 * 1024 * 1024
"""Some 600,000 events."""

_LONGEST_LINE = 1 << 18


class Spool:
    """The file of one luigid. Its own user alone may read it.

    `waiting` is how many events it holds that were not read yet, `damaged` how many lines could not
    be understood.
    """

    def __init__(self, path: Path, *, most_bytes: int = _MOST_BYTES) -> None:
        self._path = path
        self._most_bytes = most_bytes
        self._position = 0
        self._lock = threading.Lock()
        self.damaged = 0
        self.waiting = self._lines()

    def append(self, events: Sequence[Event]) -> None:
        """Add the events, all or none, and flush them to the disk.

        Raises:
            StorageError: disk full, no permission, or the file has reached its greatest size.
        """
        content = "".join(f"{_line(each)}\n" for each in events).encode("utf-8", "backslashreplace")
        with self._lock, self._fault_as_sentence():
            self._append(content)
            self.waiting += len(events)

    def read(self, count: int) -> tuple[list[Event], int]:
        """Return the next events, and the position behind them for `done`."""
        with self._lock, self._fault_as_sentence():
            if not self._path.exists():
                return [], self._position
            with self._path.open("rb") as stream:
                stream.seek(self._position)
                lines = list(itertools.islice(_lines_of(stream), count))
                position = stream.tell()
        found = [_event(line) for line in lines if line.strip()]
        self.damaged += found.count(None)
        return [each for each in found if each is not None], position

    def done(self, position: int, count: int) -> None:
        """Note that all before the position is written; at the end the file goes."""
        with self._lock, self._fault_as_sentence():
            self._position = position
            self.waiting = max(0, self.waiting - count)
            if not self._path.exists() or self._path.stat().st_size <= position:
                self._path.unlink(missing_ok=True)
                self._position = self.waiting = 0

    def _append(self, content: bytes) -> None:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            size = os.fstat(descriptor).st_size
            if size + len(content) > self._most_bytes:
                raise StorageError(f"{self._path} has reached its greatest size.")
            torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
            self._write(descriptor, (b"\n" if torn else b"") + content, size)
        finally:
            os.close(descriptor)

    def _write(self, descriptor: int, content: bytes, size: int) -> None:
        try:
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            local.sync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise

    def _lines(self) -> int:
        try:
            with self._path.open("rb") as stream:
                return sum(1 for line in _lines_of(stream) if line.strip())
        except FileNotFoundError:
            return 0
        except OSError as error:
            LOGGER.warning("%s stays as it is: it cannot be read: %s", self._path, error.strerror)
            return 0

    @contextlib.contextmanager
    def _fault_as_sentence(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"{self._path} cannot be used: {error.strerror}; fix that disk or folder, or "
                "history events are lost while PostgreSQL does not serve.",
                path=str(self._path),
            ) from None


def _lines_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield line by line; one that no event of ours fills comes in pieces, all of them damaged."""
    while line := stream.readline(_LONGEST_LINE):
        yield line


def _line(event: Event) -> str:
    fields = {**vars(event), "params": dict(event.params), "at": event.at.isoformat()}
    return json.dumps(fields, ensure_ascii=False)


def _event(line: bytes) -> Event | None:
    try:
        fields = json_text.decode(line)
        return Event(**{**fields, "at": datetime.fromisoformat(fields["at"])})
    except (ValueError, TypeError, KeyError):
        return None
