"""Files that are being written: locked by their writer, removed by the next run after a crash."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline import clock
from pipeline.storage import filesystem

# Age from which a temporary is removed where no lock says whether its writer still runs.
ABANDONED_SECONDS = 24 * 3600

_BUFFER_BYTES = 1 << 18
_NAME = re.compile(r"\..+\.[0-9a-f]+\.tmp", re.DOTALL)


@contextlib.contextmanager
def written(path: Path, content: Iterable[bytes], mode: int) -> Iterator[Path]:
    """Write the content to a temporary beside the path, and flush it; it is gone after the block.

    Raises:
        OSError: it cannot be written.
    """
    temporary, stream = _locked(path, mode)
    try:
        with stream:
            stream.writelines(content)
            stream.flush()
            filesystem.sync(stream.fileno(), path)
            yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folders: Iterable[Path]) -> list[Path]:
    """Remove the temporaries in these folders whose writer is gone, and return them."""
    removed = []
    for folder in folders:
        with contextlib.suppress(OSError):
            hidden = (name for name in os.listdir(folder) if name.startswith("."))
            found = [folder / name for name in hidden if _NAME.fullmatch(name)]
            removed += [temporary for temporary in found if _remove_if_abandoned(temporary)]
    return removed


def _locked(path: Path, mode: int) -> tuple[Path, BinaryIO]:
    """Create a temporary with a lock that says that its writer still runs."""
    while True:
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        stream = os.fdopen(descriptor, "wb", _BUFFER_BYTES)
        filesystem.lock(descriptor, path)
        if os.fstat(descriptor).st_nlink:  # else another run swept it before it was locked
            return temporary, stream
        stream.close()


def _remove_if_abandoned(temporary: Path) -> bool:
    try:
        with open(temporary, "rb") as stream:
            is_locked = filesystem.lock(stream.fileno(), temporary, wait=False)
            age = clock.now().timestamp() - os.fstat(stream.fileno()).st_mtime
            if not is_locked and age < ABANDONED_SECONDS:
                return False
            temporary.unlink()
    except OSError:  # its writer has the lock, or it is gone
        return False
    return True
