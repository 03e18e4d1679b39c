"""The limit on open connections, for all processes of this user together.

Each byte of a shared file stands for one connection and is locked while a process may have it open.
A process that ends gives its bytes back, however it ends, and nobody has to know how many workers a
run has: luigi passes that neither to `luigi.build` nor to a process that was spawned.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from pipeline import clock
from pipeline.tmdb.private_files import open_private

MAX_WAIT_SECONDS = 60.0
"""Longest wait for a connection. After it a list goes on with a single one."""

POLL_SECONDS = 0.05


class ConnectionLimit:
    """Lends connections of a number that all processes share. One per process and file."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number
        self._lent: set[int] = set()
        self._lock = threading.Lock()
        self._pause = threading.Event()
        self._descriptor: int | None = None
        self._process = os.getpid()

    @contextlib.contextmanager
    def lend(self, wanted: int) -> Iterator[int]:
        """Lend as many connections as are wanted and free; wait until there is one.

        If the file cannot be used, the number is not limited.
        """
        try:
            lent = self._wait_for(wanted)
        except OSError:
            yield wanted
            return
        try:
            yield max(1, len(lent))
        finally:
            with contextlib.suppress(OSError):
                self._give_back(lent)

    def _wait_for(self, wanted: int) -> set[int]:
        deadline = clock.monotonic() + MAX_WAIT_SECONDS
        while not (lent := self._lock_free(wanted)) and clock.monotonic() < deadline:
            self._pause.wait(POLL_SECONDS)
        return lent

    def _lock_free(self, wanted: int) -> set[int]:
        """Lock free bytes. Locks belong to the process, so it keeps a list of its own."""
        with self._lock:
            descriptor = self._open()
            found: set[int] = set()
            for number in set(range(self._number)) - self._lent:
                if len(found) == wanted:
                    break
                with contextlib.suppress(BlockingIOError, PermissionError):
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, number)
                    found.add(number)
            self._lent |= found
            return found

    def _give_back(self, numbers: set[int]) -> None:
        with self._lock:
            descriptor = self._open()
            for number in numbers:
                fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, number)
            self._lent -= numbers

    def _open(self) -> int:
        """Open the file once in each process: closing it once would give up every lock."""
        if self._process != os.getpid():
            self._process, self._lent = os.getpid(), set()
        if self._descriptor is None:
            self._descriptor = open_private(self._path)
        return self._descriptor
