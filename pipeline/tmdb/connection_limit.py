"""The limit on open connections, for all processes of this user together.

Each byte of a shared file stands for one connection and is locked while a process may have it open.
A process that ends gives its bytes back, however it ends, and nobody has to know how many workers a
run has: luigi says so neither to `luigi.build` nor to a process that was spawned.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from pipeline import clock
from pipeline.tmdb.rate_limit import open_private

MAX_WAIT_SECONDS = 60.0
"""Longest wait for a connection. After it a list goes on with a single one."""

POLL_SECONDS = 0.05


class ConnectionLimit:
    """Lends connections of a number that all processes share."""

    def __init__(self, path: Path, number: int) -> None:
        self._path = path
        self._number = number
        self._mine: set[int] = set()
        self._turn = threading.Lock()
        self._pause = threading.Event()
        self._descriptor: int | None = None
        self._process = os.getpid()

    @contextlib.contextmanager
    def lend(self, wanted: int) -> Iterator[int]:
        """Lend as many connections as are wanted and free; wait until there is one.

        Where the file cannot be used, the number is not limited.
        """
        taken = self._wait_for(wanted)
        if taken is None:
            yield wanted
            return
        try:
            yield max(1, len(taken))
        finally:
            with contextlib.suppress(OSError):
                self._give_back(taken)

    def _wait_for(self, wanted: int) -> list[int] | None:
        """Return what is free, once something is; None where nothing can be locked at all."""
        until = clock.monotonic() + MAX_WAIT_SECONDS
        try:
            while not (taken := self._take(wanted)) and clock.monotonic() < until:
                self._pause.wait(POLL_SECONDS)
        except OSError:
            return None
        return taken

    def _take(self, wanted: int) -> list[int]:
        """Lock bytes that nobody has; a lock is the process's, so it keeps a list of its own."""
        with self._turn:
            descriptor = self._open()
            before = frozenset(self._mine)
            for place in set(range(self._number)) - before:
                if len(self._mine) - len(before) == wanted:
                    break
                with contextlib.suppress(BlockingIOError, PermissionError):
                    fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place)
                    self._mine.add(place)
            return list(self._mine - before)

    def _give_back(self, places: list[int]) -> None:
        with self._turn:
            descriptor = self._open()
            for place in places:
                fcntl.lockf(descriptor, fcntl.LOCK_UN, 1, place)
            self._mine.difference_update(places)

    def _open(self) -> int:
        """Open the file once in each process: closing it once would give up every lock."""
        if self._process != os.getpid():
            self._process, self._mine = os.getpid(), set()
        if self._descriptor is None:
            self._descriptor = open_private(self._path)
        return self._descriptor
