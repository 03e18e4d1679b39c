"""A clock that a test moves, and waits that move it instead of sleeping."""

from __future__ import annotations

import threading


class StoppedClock:
    """The monotonic clock of the pipeline, standing still until a test moves it."""

    def __init__(self) -> None:
        self.now = 1000.0


class RecordedWaits(threading.Event):
    """A stop signal that nobody sets; waiting for it returns at once and is recorded.

    Args:
        clock: is moved on by what was waited for; None to record only.
    """

    def __init__(self, clock: StoppedClock | None = None) -> None:
        super().__init__()
        self._clock = clock
        self.seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        """Record the wait and return that the signal was not set."""
        assert timeout is not None, "nobody ends this wait"
        self.seconds.append(timeout)
        if self._clock is not None:
            self._clock.now += timeout
        return False
