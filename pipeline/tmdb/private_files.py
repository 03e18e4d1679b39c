"""Small files that the processes of one user share, in a folder that nobody else can write to."""

from __future__ import annotations

import fcntl
import os
import stat
from collections.abc import Callable
from pathlib import Path

MAX_BYTES = 1 << 20
"""Highest number of bytes that are read of such a file."""


def open_private(path: Path) -> int:
    """Open the file, made if it is missing, and return its descriptor.

    The folder has to be the user's own: others could plant links in a shared one.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = path.parent.lstat()
    if folder.st_uid != os.getuid() or not stat.S_ISDIR(folder.st_mode):
        raise PermissionError(1, "its folder belongs to another user")
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def read(path: Path) -> bytes:
    """Return the content while nobody changes it.

    Raises:
        OSError: the file does not exist or cannot be read or locked.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    descriptor = os.open(path, flags)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        return os.pread(descriptor, MAX_BYTES, 0)
    finally:
        os.close(descriptor)


def update(path: Path, change: Callable[[bytes], bytes]) -> None:
    """Replace the content by what `change` makes of it, while nobody else reads or changes it.

    Raises:
        OSError: the file cannot be used.
    """
    descriptor = open_private(path)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        content = change(os.pread(descriptor, MAX_BYTES, 0))
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)
    finally:
        os.close(descriptor)
