"""Files that only their owner can read: state, locks and markers below `state/`."""

import os
from pathlib import Path

from pipeline.storage import local


def open_private(path: Path) -> int:
    """Open a file, mode 0600, in a folder that is made with mode 0700; return its descriptor."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def try_lock(descriptor: int, *, wait: bool = False) -> bool:
    """Lock an open file, and return whether no other process holds it.

    A file system without locks counts as free, so that a run starts there, too.
    """
    try:
        local.lock(descriptor, wait=wait)
    except OSError as error:
        return not isinstance(error, BlockingIOError)
    return True
