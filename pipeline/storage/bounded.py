"""Files read whole, as long as they are files and of a size that can be meant.

A pipe would hold the reader for ever, and a file of gigabytes would take all memory before anybody
could say that it is damaged.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

LARGEST_DOCUMENT = 256 << 20
"""TMDB serves 10,000 films of a list, some 15 MB; a week of all its genres has some 200 MB."""

LARGEST_TEXT = 4 << 20
"""Of settings, a day's journal, the index: files of some kilobytes."""


def read(path: Path, most: int = LARGEST_TEXT) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: as `open`, or it is no regular file, or larger than so many bytes.
    """
    with _open(path) as stream:
        if os.fstat(stream.fileno()).st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return stream.read()


def read_end(path: Path, most: int) -> bytes:
    """Return the last bytes of a file, at most so many.

    Raises:
        OSError: as `read`, but for the size.
    """
    with open_end(path, most) as stream:
        return stream.read(most)


def open_end(path: Path, most: int) -> BinaryIO:
    """Open a file where its last bytes begin; what is added later can be read on.

    Raises:
        OSError: as `read`, but for the size.
    """
    stream = _open(path)
    stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
    return stream


def _open(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    return os.fdopen(descriptor, "rb")
