"""One rate limit for all processes of the machine: a token bucket in a few bytes of a shared file.

The bucket is kept as the generic cell rate algorithm keeps it (ITU-T I.371): one number, the time
at which the bucket will be full again. A request reserves its own time under a file lock and then
sleeps outside of it, so that nobody polls, waiting is first come, first served between processes,
and a killed process leaves nothing to clean up. See `docs/decisions/0003-rate-limit.md`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import struct
from collections.abc import Iterator
from pathlib import Path

from pipeline import clock
from pipeline.errors import StorageError

MAX_HOLD_SECONDS = 86_400.0  # that is believed, whatever TMDB asks for
_FORMAT = struct.Struct("<2d")


class RateLimiter:
    """Grants each request its time: after a rest one second's requests at once, then the rate."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        self._interval = 1 / rate
        self._tolerance = (max(1.0, rate) - 1) * self._interval

    def acquire(self) -> float:
        """Reserve the next free time; return how many seconds to wait. Raises StorageError."""
        with self._locked() as (now, times):
            at = max(now, times[1], times[0] - self._tolerance)
            times[0] = max(times[0], at) + self._interval
        return at - now

    def hold(self, seconds: float) -> None:
        """Let no process of the machine send requests for that long; the bucket is empty now."""
        with self._locked() as (now, times):
            times[0] = max(times[0], now + self._tolerance)
            times[1] = max(times[1], now + min(seconds, MAX_HOLD_SECONDS))

    def hold_seconds(self) -> float:
        """Return for how long nothing may be requested because TMDB asks to wait."""
        with self._locked() as (now, times):
            return max(0.0, times[1] - now)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[tuple[float, list[float]]]:
        """Lend now, and the times at which the bucket is full and the hold ends; write these.

        One that lies too far ahead was written before the machine restarted, or is damaged; no
        comparison with a NaN is true.
        """
        now = clock.monotonic()
        try:
            with os.fdopen(_open_private(self._path), "rb+", buffering=0) as file:
                with contextlib.suppress(OSError):  # some file systems have no locks
                    fcntl.flock(file.fileno(), fcntl.LOCK_EX)
                content = os.pread(file.fileno(), _FORMAT.size, 0).ljust(_FORMAT.size, b"\xff")
                limits = zip(_FORMAT.unpack(content), (1_000.0, MAX_HOLD_SECONDS), strict=True)
                times = [at if at <= now + most else 0.0 for at, most in limits]
                yield now, times
                os.pwrite(file.fileno(), _FORMAT.pack(*times), 0)
        except OSError as error:
            raise StorageError(
                f"Cannot keep the rate limit in {self._path}: {error.strerror}; set TMPDIR to a "
                "writable folder of your own.",
                path=str(self._path),
            ) from None


def _open_private(path: Path) -> int:
    """Open the file in a folder of this user: others could plant links in a shared one."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(1, "its folder belongs to another user")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
