"""Flush, lock and link files, also on file systems that do not support it.

SMB and shared folders of virtual machines refuse `fsync` of a folder, some network file systems
have no locks, and FAT has no hard links. A full or failing disk still raises OSError.
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
_NOT_SUPPORTED = (
    *(errno.EBADF, errno.EINVAL, errno.EMLINK, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP),
    *(errno.ENOTTY, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV),
)

# Whether this run has warned: a byte that is shared with the task processes that it forks.
_warned = mmap.mmap(-1, 1)


def sync(descriptor: int) -> None:
    """Flush an open file or folder to the disk."""
    _is_supported(os.fsync, descriptor)


def lock(descriptor: int, *, wait: bool = True) -> bool:
    """Lock an open file or folder until it is closed; return whether it is locked.

    Raises:
        BlockingIOError: another process holds the lock, and this one does not wait.
    """
    flags = fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB
    return _is_supported(fcntl.flock, descriptor, flags)


def link(source: Path, target: Path) -> bool:
    """Give a file a second name; return False, with one warning, where there are no hard links.

    Raises:
        FileExistsError: the name is taken.
    """
    is_linked = _is_supported(os.link, source, target)
    if not is_linked and not _warned[0]:
        _warned[0] = 1
        LOGGER.warning(
            "The file system of %s has no hard links: run the pipeline for this data on one host "
            "only, or use another disk.",
            target.parent,
        )
    return is_linked


def _is_supported(call: Callable[..., None], *arguments: object) -> bool:
    try:
        call(*arguments)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        return False
    return True
