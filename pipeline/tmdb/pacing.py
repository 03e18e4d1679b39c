"""One pace for all processes of the machine: a token bucket in eight bytes of a shared file.

The bucket is kept as the generic cell rate algorithm keeps it (ITU-T I.371): one number, the moment
at which the bucket will be full again. A request reserves its own moment under a file lock and
then sleeps outside of it, so that nobody polls, waiting is first come, first served between
processes, and a killed process leaves nothing to clean up. A full bucket holds the burst that a
cold API allows. `docs/decisions/0003-pacing.md` tells what else was looked at.
"""

from __future__ import annotations

import fcntl
import math
import os
import stat
import struct
import threading
from collections.abc import Callable
from pathlib import Path

from pipeline import clock
from pipeline.errors import StorageError

_MOMENT = struct.Struct("<d")

BURST_SECONDS = 40 / 38
"""A full bucket in seconds' worth: TMDB's holds some 40, of which our 38 a second stay short."""

_FURTHEST_SECONDS = 300.0
_FURTHEST_REQUESTS = 1000
"""A moment further ahead was written before the machine restarted and its clock began anew."""


class Pacer:
    """Hands out moments for requests, `rate` a second, `burst` at once after a pause."""

    def __init__(self, path: Path, rate: float, burst: float | None = None) -> None:
        self._path = path
        self._interval = 1.0 / rate
        self._tolerance = (max(1.0, rate if burst is None else burst) - 1.0) * self._interval
        self._lock = threading.Lock()
        self._descriptor: int | None = None

    def reserve(self) -> float:
        """Take the next free moment; return how many seconds to wait for it."""
        now = clock.monotonic()

        def take(full_at: float) -> float:
            return max(full_at, now) + self._interval

        full_at = self._change(now, take) - self._interval
        return max(0.0, full_at - self._tolerance - now)

    def hold(self, seconds: float) -> None:
        """Let nobody ask for that long: TMDB said that we are too fast."""
        now = clock.monotonic()
        self._change(now, lambda full_at: max(full_at, now + self._tolerance + seconds))

    def close(self) -> None:
        """Close the shared file."""
        with self._lock:
            if self._descriptor is not None:
                os.close(self._descriptor)
                self._descriptor = None

    def _change(self, now: float, change: Callable[[float], float]) -> float:
        with self._lock:
            descriptor = self._open()
            fcntl.lockf(descriptor, fcntl.LOCK_EX)
            try:
                furthest = now + max(_FURTHEST_SECONDS, _FURTHEST_REQUESTS * self._interval)
                stored = _stored(descriptor)
                moment = change(stored if stored <= furthest else now)
                os.pwrite(descriptor, _MOMENT.pack(moment), 0)
            finally:
                fcntl.lockf(descriptor, fcntl.LOCK_UN)
        return moment

    def _open(self) -> int:
        if self._descriptor is None:
            try:
                self._descriptor = _open_private(self._path)
            except OSError as error:
                raise StorageError(
                    f"Cannot keep the request pace in {self._path}: {error.strerror}; set TMPDIR "
                    "to a folder of your own that can be written to.",
                    path=str(self._path),
                ) from None
        return self._descriptor


def _open_private(path: Path) -> int:
    """Open the file in a folder that is ours alone: others could plant links in a shared one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(1, "its folder belongs to somebody else")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _stored(descriptor: int) -> float:
    """Return the moment in the file; a damaged one reads as not a number, which no bound admits."""
    content = os.pread(descriptor, _MOMENT.size, 0)
    return float(_MOMENT.unpack(content)[0]) if len(content) == _MOMENT.size else math.nan
