"""One pace for all processes of the machine: token buckets in a few bytes of a shared file.

A bucket is kept as the generic cell rate algorithm keeps it (ITU-T I.371): one number, the moment
at which the bucket will be full again. A request reserves its own moment under a file lock and
then sleeps outside of it, so that nobody polls, waiting is first come, first served between
processes, and a killed process leaves nothing to clean up. `docs/decisions/0003-pacing.md` tells
what else was looked at.
"""

from __future__ import annotations

import contextlib
import math
import os
import stat
import struct
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from pipeline import clock
from pipeline.errors import StorageError
from pipeline.storage import filesystem

_MOMENT = struct.Struct("<d")

_FURTHEST_SECONDS = 300.0
_FURTHEST_REQUESTS = 1000
"""A moment further ahead was written before the machine restarted and its clock began anew."""

MAX_HOLD_SECONDS = 86_400.0
"""Longest hold that is believed, whatever TMDB asks for."""


class Limit(NamedTuple):
    """A bucket of so many requests that refills at so many a second."""

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


SPRINT = 40 / 38
"""How much faster TMDB itself lets one be than we are in the long run."""

SPRINT_SECONDS = 3.0


def limits(rate: float) -> tuple[Limit, Limit]:
    """Return the limits that make up a pace of so many requests a second.

    TMDB grants some 40 at once and 40 a second. After a rest we take a burst of two less than that,
    keep them in hand, and go at its own pace for three seconds; in the long run below it.
    """
    gained = rate * (SPRINT - 1) * SPRINT_SECONDS
    return Limit(rate * SPRINT, rate), Limit(rate, rate + gained)


class Hold(NamedTuple):
    """A time in which nothing may be requested, by the machine's monotonic clock.

    When it was set is kept too: a moment that lies ahead is from before the machine restarted.
    """

    set_at: float
    until: float

    def left(self, now: float) -> float:
        """Return how many seconds are left of it; none of a hold that cannot be right."""
        believed = self.set_at <= now < self.until <= self.set_at + MAX_HOLD_SECONDS
        return self.until - now if believed else 0.0


NO_HOLD = Hold(0.0, 0.0)

Change = Callable[[Sequence[float], Hold], tuple[list[float], Hold, float]]
"""From when each bucket is full and the hold, to both as they are then, and an answer."""


class Pacer:
    """Hands out moments for requests that keep within all of the limits."""

    def __init__(self, path: Path, *limits: Limit) -> None:
        self._path = path
        self._limits = limits
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def reserve(self) -> float:
        """Take the next free moment; return how many seconds to wait for it."""
        now = clock.monotonic()

        def take(full_at: Sequence[float], hold: Hold) -> tuple[list[float], Hold, float]:
            ahead = (
                full - each.tolerance for full, each in zip(full_at, self._limits, strict=True)
            )
            at = max(now + hold.left(now), *ahead)
            taken = zip(full_at, self._limits, strict=True)
            return [max(full, at) + each.interval for full, each in taken], hold, at - now

        return self._change(now, take)

    def hold(self, seconds: float) -> None:
        """Let no process of the machine ask for that long, a day at most: TMDB asks to wait."""
        now = clock.monotonic()
        until = now + min(seconds, MAX_HOLD_SECONDS)

        def delay(full_at: Sequence[float], hold: Hold) -> tuple[list[float], Hold, float]:
            longest = max(Hold(now, until), Hold(now, now + hold.left(now)), key=lambda h: h.until)
            limits = zip(full_at, self._limits, strict=True)
            return [max(full, until + each.tolerance) for full, each in limits], longest, 0.0

        self._change(now, delay)

    def held_seconds(self) -> float:
        """Return for how long nothing may be requested because TMDB asks to wait."""
        with self._lock, self._naming():
            *_, set_at, until = _stored(self._open(), len(self._limits))
        return Hold(set_at, until).left(clock.monotonic())

    def close(self) -> None:
        """Close the shared file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _change(self, now: float, change: Change) -> float:
        """Change when each bucket will be full again, nobody else meanwhile.

        Raises:
            StorageError: the shared file cannot be had or written.
        """
        with self._lock, self._naming():
            return self._locked_change(now, change)

    @contextlib.contextmanager
    def _naming(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StorageError(
                f"Cannot keep the request pace in {self._path}: {error.strerror}; set TMPDIR "
                "to a folder of your own that can be written to.",
                path=str(self._path),
            ) from None

    def _locked_change(self, now: float, change: Change) -> float:
        descriptor = self._open()
        is_locked = filesystem.lock_record(descriptor, self._path)
        try:
            *stored, set_at, until = _stored(descriptor, len(self._limits))
            hold = Hold(set_at, until)
            known = [
                moment if moment <= _furthest(now + hold.left(now), each) else now
                for moment, each in zip(stored, self._limits, strict=True)
            ]
            moments, hold, answer = change(known, hold)
            os.pwrite(descriptor, b"".join(map(_MOMENT.pack, (*moments, *hold))), 0)
        finally:
            if is_locked:
                filesystem.unlock_record(descriptor)
        return answer

    def _open(self) -> int:
        if self._descriptor is None:
            self._descriptor = open_private(self._path)
        return self._descriptor


def open_private(path: Path) -> int:
    """Open the file in a folder that is ours alone: others could plant links in a shared one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(1, "its folder belongs to somebody else")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _stored(descriptor: int, number: int) -> list[float]:
    """Return the moments of so many buckets and the two of the hold.

    Damaged moments read as not a number, which no bound admits; a file without a hold has none.
    """
    content = os.pread(descriptor, (number + 2) * _MOMENT.size, 0)
    whole = content[: len(content) // _MOMENT.size * _MOMENT.size]
    moments = [moment for (moment,) in _MOMENT.iter_unpack(whole)]
    if len(moments) < number:
        moments = [math.nan] * number
    return moments if len(moments) == number + 2 else [*moments[:number], *NO_HOLD]


def _furthest(now: float, limit: Limit) -> float:
    return now + max(_FURTHEST_SECONDS, _FURTHEST_REQUESTS * limit.interval)
