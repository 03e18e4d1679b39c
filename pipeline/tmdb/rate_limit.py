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
from dataclasses import dataclass
from pathlib import Path

from pipeline import clock
from pipeline.errors import StorageError

# Longest hold that is believed, whatever TMDB asks for.
MAX_HOLD_SECONDS = 86_400.0

# A bucket that is full later than after these was written before the machine restarted.
_MAX_SECONDS_AHEAD = 1_000.0

_FORMAT = struct.Struct("<2d")


@dataclass
class _Bucket:
    """When the bucket is full and when the hold ends, by the monotonic clock."""

    full_at: float
    hold_ends: float


class RateLimiter:
    """Grants each request its time: after a rest one second's requests at once, then the rate."""

    def __init__(self, path: Path, rate: float) -> None:
        self._path = path
        self._interval = 1 / rate
        self._tolerance = (max(1.0, rate) - 1) * self._interval

    def acquire(self) -> float:
        """Reserve the next free time; return how many seconds to wait. Raises StorageError."""
        now = clock.monotonic()
        with self._locked(now) as bucket:
            at = max(now, bucket.hold_ends, bucket.full_at - self._tolerance)
            bucket.full_at = max(bucket.full_at, at) + self._interval
        return at - now

    def hold(self, seconds: float) -> None:
        """Let no process of the machine send requests for that long; the bucket is empty now."""
        now = clock.monotonic()
        with self._locked(now) as bucket:
            bucket.full_at = max(bucket.full_at, now + self._tolerance)
            bucket.hold_ends = max(bucket.hold_ends, now + min(seconds, MAX_HOLD_SECONDS))

    def hold_seconds(self) -> float:
        """Return for how long nothing may be requested because TMDB asks to wait."""
        now = clock.monotonic()
        with self._locked(now) as bucket:
            return max(0.0, bucket.hold_ends - now)

    @contextlib.contextmanager
    def _locked(self, now: float) -> Iterator[_Bucket]:
        """Lend the bucket under the lock; what it is in the end is written."""
        try:
            with os.fdopen(_open_private(self._path), "rb+", buffering=0) as file:
                fcntl.flock(file, fcntl.LOCK_EX)
                bucket = _bucket_of(os.pread(file.fileno(), _FORMAT.size, 0), now)
                yield bucket
                content = _FORMAT.pack(bucket.full_at, bucket.hold_ends)
                os.pwrite(file.fileno(), content, 0)
        except OSError as error:
            raise StorageError(
                f"Cannot keep the rate limit in {self._path}: {error.strerror}; set TMPDIR to a "
                "writable folder of your own.",
                path=str(self._path),
            ) from None


def _open_private(path: Path) -> int:
    """Open the file in a folder of this user: others could plant links in a shared one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(1, "its folder belongs to another user")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _bucket_of(content: bytes, now: float) -> _Bucket:
    """Return the content as far as it can be right; no comparison with a NaN is true."""
    full_at, hold_ends = (now, now) if len(content) < _FORMAT.size else _FORMAT.unpack(content)
    return _Bucket(
        full_at if full_at <= now + _MAX_SECONDS_AHEAD else now,
        hold_ends if hold_ends <= now + MAX_HOLD_SECONDS else now,
    )
