"""Read regular files of a bounded size: a pipe would block a run, a huge file fill its memory."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

# Largest document. TMDB serves 10,000 movies of a list, some 15 MB; a week has some 200 MB.
MAX_DOCUMENT_BYTES = 256 << 20

# Largest file of settings, of a day's journal, of the index: they have some kilobytes.
MAX_TEXT_BYTES = 4 << 20


def read(path: Path, most: int = MAX_TEXT_BYTES) -> bytes:
    """Return a file's bytes.

    Raises:
        OSError: as `open`, or it is no regular file, or larger than so many bytes.
    """
    with _open(path) as stream:
        if os.fstat(stream.fileno()).st_size > most:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return stream.read()


def read_end(path: Path, most: int) -> bytes:
    """Return the last bytes of a file, at most so many."""
    with open_end(path, most) as stream:
        return stream.read(most)


def open_end(path: Path, most: int) -> BinaryIO:
    """Open a file where its last bytes begin, so that what is appended later can be read too."""
    stream = _open(path)
    stream.seek(max(0, os.fstat(stream.fileno()).st_size - most))
    return stream


def _open(path: Path) -> BinaryIO:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    raise OSError(errno.EINVAL, "Not a regular file", str(path))
