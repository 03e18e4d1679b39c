"""One rate limit for all processes of the machine: token buckets in a few bytes of a shared file.

A bucket is kept as the generic cell rate algorithm keeps it (ITU-T I.371): one number, the time at
which the bucket will be full again. A request reserves its own time under a file lock and then
sleeps outside of it, so that nobody polls, waiting is first come, first served between processes,
and a killed process leaves nothing to clean up. `docs/decisions/0003-rate-limit.md` lists the
alternatives.
"""

from __future__ import annotations

import contextlib
import fcntl
import math
import os
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pipeline import clock
from pipeline.errors import StorageError
from pipeline.tmdb.private_files import open_private

MAX_HOLD_SECONDS = 86_400.0
"""Longest hold that is believed, whatever TMDB asks for."""

# A bucket that is full later than after these was written before the machine restarted.
_MAX_SECONDS_AHEAD = 300.0
_MAX_REQUESTS_AHEAD = 1000

# How much faster TMDB's own bucket refills than our limit, and for how long we go at its rate: the
# 140 requests of a week take 2.55 s and not 2.68 s, 4 % of the run.
_SPRINT = 40 / 38
_SPRINT_SECONDS = 3.0


class Limit(NamedTuple):
    """A bucket of `burst` requests that refills at `rate` requests a second."""

    rate: float
    burst: float

    @property
    def interval(self) -> float:
        """Seconds that refill it by one request."""
        return 1.0 / self.rate

    @property
    def tolerance(self) -> float:
        """Seconds by which requests may be ahead of the rate."""
        return (max(1.0, self.burst) - 1.0) * self.interval


def limits(rate: float) -> tuple[Limit, Limit]:
    """Return the limits that keep so many requests a second within what TMDB grants.

    TMDB grants some 40 at once and 40 a second. After a rest we take a burst of two less than that
    and go at its own rate for three seconds; in the long run below it.
    """
    gained = rate * (_SPRINT - 1) * _SPRINT_SECONDS
    return Limit(rate * _SPRINT, rate), Limit(rate, rate + gained)


@dataclass
class _State:
    """The content of the file, by the machine's monotonic clock.

    No request is sent during a hold. The time at which it began is kept too: one that lies ahead
    is from before the machine restarted.
    """

    full_at: list[float]
    hold_began: float
    hold_ends: float

    def hold_seconds(self, now: float) -> float:
        """Return how many seconds of the hold are left; none of a hold that cannot be right."""
        latest = self.hold_began + MAX_HOLD_SECONDS
        is_believed = self.hold_began <= now < self.hold_ends <= latest
        return self.hold_ends - now if is_believed else 0.0


class RateLimiter:
    """Grants each request its time, within all of the limits."""

    def __init__(self, path: Path, *limits: Limit) -> None:
        self._path = path
        self._limits = limits
        self._format = struct.Struct(f"<{len(limits) + 2}d")
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def acquire(self) -> float:
        """Reserve the next free time; return how many seconds to wait for it.

        Raises:
            StorageError: the shared file cannot be used.
        """
        now = clock.monotonic()
        with self._changing(now) as state:
            buckets = list(zip(state.full_at, self._limits, strict=True))
            free_at = [full - limit.tolerance for full, limit in buckets]
            at = max(now + state.hold_seconds(now), *free_at)
            state.full_at = [max(full, at) + limit.interval for full, limit in buckets]
        return at - now

    def hold(self, seconds: float) -> None:
        """Let no process of the machine send requests for that long, a day at most."""
        now = clock.monotonic()
        ends = now + min(seconds, MAX_HOLD_SECONDS)
        with self._changing(now) as state:
            if seconds > state.hold_seconds(now):
                state.hold_began, state.hold_ends = now, ends
            buckets = zip(state.full_at, self._limits, strict=True)
            state.full_at = [max(full, ends + limit.tolerance) for full, limit in buckets]

    def hold_seconds(self) -> float:
        """Return for how long nothing may be requested because TMDB asks to wait."""
        with self._lock, self._storage_errors():
            return self._read(self._open()).hold_seconds(clock.monotonic())

    def close(self) -> None:
        """Close the shared file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    @contextlib.contextmanager
    def _changing(self, now: float) -> Iterator[_State]:
        """Lend the state, and write it back. A file system without locks is not waited for."""
        with self._lock, self._storage_errors():
            descriptor = self._open()
            with contextlib.suppress(OSError):
                fcntl.lockf(descriptor, fcntl.LOCK_EX)
            try:
                state = self._read(descriptor)
                latest = now + state.hold_seconds(now)
                state.full_at = [
                    full if full <= latest + _max_ahead(limit) else now
                    for full, limit in zip(state.full_at, self._limits, strict=True)
                ]
                yield state
                content = (*state.full_at, state.hold_began, state.hold_ends)
                os.pwrite(descriptor, self._format.pack(*content), 0)
            finally:
                with contextlib.suppress(OSError):
                    fcntl.lockf(descriptor, fcntl.LOCK_UN)

    @contextlib.contextmanager
    def _storage_errors(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"Cannot keep the rate limit in {self._path}: {error.strerror}; set TMPDIR to a "
                "writable folder of your own.",
                path=str(self._path),
            ) from None

    def _read(self, descriptor: int) -> _State:
        """Return the content; a damaged one is not a number, which no bound admits."""
        size = self._format.size
        content = os.pread(descriptor, size, 0)
        if len(content) < size:
            return _State([math.nan] * len(self._limits), 0.0, 0.0)
        *full_at, began, ends = self._format.unpack(content)
        return _State(full_at, began, ends)

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = open_private(self._path)
        return self._descriptor


def _max_ahead(limit: Limit) -> float:
    return max(_MAX_SECONDS_AHEAD, _MAX_REQUESTS_AHEAD * limit.interval)
