"""Files to which several processes append lines."""

from __future__ import annotations

import os
from pathlib import Path


def open_append(path: Path) -> int:
    """Return the descriptor of a file to append to; it and its folder are created if missing.

    One `os.write` of a line is atomic, so that processes can share the file.

    Raises:
        OSError: it cannot be opened, or it is a pipe without a reader, which would block.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK
    return os.open(path, flags, 0o640)
