"""Guarantees that some file systems lack: flushed folders, locks, hard links.

SMB and shared folders of virtual machines refuse `fsync` of a folder, some network file systems
have no locks, and FAT has no hard links. What was written is complete nevertheless, so a missing
guarantee is one warning of the run and no failure. A full or failing disk still raises OSError.
"""

from __future__ import annotations

import errno
import fcntl
import logging
import mmap
import os
from collections.abc import Callable
from pathlib import Path

LOGGER = logging.getLogger("luigi-interface.pipeline")

# Errors of calls that a file system does not support. NFS returns EBADF for locks of folders.
_NOT_SUPPORTED = frozenset(
    (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EBADF, errno.ENOTTY)
)
_NO_LOCKS = _NOT_SUPPORTED | {errno.ENOLCK}
_NO_LINKS = _NOT_SUPPORTED | {errno.EPERM, errno.EMLINK, errno.EXDEV}

_SYNC, _LOCK, _LINK = range(3)
_CONSEQUENCES = (
    "cannot flush to the disk: what was written last may be missing after a power failure",
    "has no locks: do not start two runs for the same data at once",
    "has no hard links: run the pipeline for this data on one host only",
)

# One byte for each guarantee, shared with the task processes that this one forks: they warn once.
_warned = mmap.mmap(-1, len(_CONSEQUENCES))


def sync(descriptor: int, path: Path) -> None:
    """Flush a file or folder to the disk; a warning names `path`.

    Raises:
        OSError: the disk is full or fails.
    """
    try:
        os.fsync(descriptor)
    except OSError as error:
        _tolerate(error, _NOT_SUPPORTED, _SYNC, path)


def lock(descriptor: int, path: Path, *, wait: bool = True) -> bool:
    """Lock an open file or folder until it is closed; return whether it is locked.

    Raises:
        BlockingIOError: another process holds the lock, and this one does not wait.
        OSError: the file system has locks and refuses this one.
    """
    flags = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    return _locked(lambda: fcntl.flock(descriptor, flags), path)


def lock_record(descriptor: int, path: Path) -> bool:
    """Lock an open file as `lock`, but for this process and until `unlock_record`."""
    return _locked(lambda: fcntl.lockf(descriptor, fcntl.LOCK_EX), path)


def unlock_record(descriptor: int) -> None:
    """Release a lock of `lock_record`."""
    fcntl.lockf(descriptor, fcntl.LOCK_UN)


def link(source: Path, target: Path) -> bool:
    """Give a file a second name, unless that is taken; return False where there are no links.

    Raises:
        FileExistsError: the name is taken.
        OSError: the disk is full or fails.
    """
    try:
        os.link(source, target)
    except OSError as error:
        _tolerate(error, _NO_LINKS, _LINK, target)
        return False
    return True


def _locked(call: Callable[[], None], path: Path) -> bool:
    try:
        call()
    except OSError as error:
        _tolerate(error, _NO_LOCKS, _LOCK, path)
        return False
    return True


def _tolerate(error: OSError, tolerated: frozenset[int], guarantee: int, path: Path) -> None:
    """Warn of a missing guarantee, once for this process and its task processes; raise the rest."""
    if error.errno not in tolerated:
        raise error
    if not _warned[guarantee]:
        _warned[guarantee] = 1
        LOGGER.warning(
            "The file system of %s %s (%s). Use another disk if that matters.",
            path if path.is_dir() else path.parent,
            _CONSEQUENCES[guarantee],
            error.strerror,
        )
