"""Notes on their way to the database: put in by the scheduler, taken out by the writer."""

from __future__ import annotations

import threading
from collections import deque

from pipeline.ops.scheduler.notes import Note


class Buffer:
    """Notes in order, at most so many; beyond that the oldest go, and are counted.

    What was taken stays here until it is `settled` or `put_back`, so that at any moment
    `everything` is all that is not kept elsewhere yet.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._waiting: deque[Note] = deque()
        self._taken: list[Note] = []
        self._changed = threading.Condition()
        self._woken = False
        self.lost = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._taken)

    def put(self, note: Note) -> None:
        """Add a note, never waiting."""
        with self._changed:
            self._waiting.append(note)
            if len(self) > self._size:
                self._waiting.popleft()
                self.lost += 1
            self._changed.notify()

    def wait(self, seconds: float) -> None:
        """Wait until there is a note, somebody `wakes`, or the time is over."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._woken, seconds)
            self._woken = False

    def wake(self) -> None:
        """End this `wait`, or else the next one."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def take(self, count: int) -> list[Note]:
        """Take out the oldest notes."""
        with self._changed:
            taking = min(count, len(self._waiting))
            self._taken = [self._waiting.popleft() for _ in range(taking)]
            return list(self._taken)

    def settled(self) -> None:
        """Forget what was taken: it is kept elsewhere now."""
        with self._changed:
            self._taken = []

    def put_back(self) -> None:
        """Return what was taken to its place."""
        with self._changed:
            self._waiting.extendleft(reversed(self._taken))
            self._taken = []

    def everything(self) -> list[Note]:
        """Return all notes, taken or not, in order."""
        with self._changed:
            return [*self._taken, *self._waiting]
