"""Files that only their owner can read: state, locks and markers below `state/`."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


def open_private(path: Path, flags: int = os.O_RDWR | os.O_CREAT) -> int:
    """Open a file, mode 0600, in a folder that is made with mode 0700; return its descriptor.

    Raises:
        OSError: the folder cannot be made or the file not be opened.
    """
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int) -> bool:
    """Lock an open file unless another process holds it; return whether it is locked now.

    A file system without locks counts as free: a missing guarantee must not keep a run from
    starting.
    """
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True
