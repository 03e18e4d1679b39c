"""Documents as files: read as a whole, published atomically.

A document is written to a temporary beside its path, flushed to the disk, and then gets its name.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import DocumentUnreadable, StorageError
from pipeline.storage import bounded, filesystem, temporary


class LocalStorage:
    """The files of one machine, or of a disk that several share. See `Storage` for the methods.

    Args:
        mode: permissions of new files, of which the umask may take more.
    """

    def __init__(self, mode: int = 0o644) -> None:
        self._mode = mode

    def read(self, path: Path) -> bytes:
        """Return a file's bytes."""
        with _reading(path):
            return bounded.read(path, bounded.LARGEST_DOCUMENT)

    def publish(self, path: Path, content: Iterable[bytes]) -> bool:
        """Write a file unless it is there; return whether it was written."""
        with self._written(path, content) as written:
            is_first = _name_if_free(written, path)
            if is_first:
                _sync_folder(path)
            return is_first

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a file, also where an earlier one is there."""
        with self._written(path, content) as written:
            written.rename(path)
            _sync_folder(path)

    def exists(self, path: Path) -> bool:
        """Whether a file is there."""
        with _reading(path):
            return path.exists()

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder, without the temporaries."""
        with _reading(folder), contextlib.suppress(FileNotFoundError):
            return [name for name in os.listdir(folder) if not name.startswith(".")]
        return []

    def remove(self, path: Path) -> None:
        """Remove a file; one that is gone already is no error."""
        with _writing(path):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _written(self, path: Path, content: Iterable[bytes]) -> Iterator[Path]:
        with _writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            with temporary.written(path, content, self._mode) as written:
                yield written


@contextlib.contextmanager
def exclusive(folder: Path, path: Path) -> Iterator[None]:
    """Let one process at a time be within the block, for a folder.

    Raises:
        StorageError: the folder cannot be made; the sentence names the path that is to be written.
    """
    with _writing(path):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with _writing(folder):
            filesystem.lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def _name_if_free(written: Path, path: Path) -> bool:
    """Give a temporary the path's name unless another file has it; return whether it has it.

    A hard link does both at once. Where there are none, one process at a time looks and renames.
    """
    with contextlib.suppress(FileExistsError):
        if filesystem.link(written, path):
            return True
    with exclusive(path.parent, path):
        if path.exists():  # a broken symbolic link has the name, but no document
            return False
        written.rename(path)
        return True


def _sync_folder(path: Path) -> None:
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        filesystem.sync(descriptor, path)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Cannot write {path}: {error.strerror}. Free or fix that disk or folder and run the "
            "same command again; what is finished is kept.",
            path=str(path),
        ) from None


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DocumentUnreadable(
            f"{path} cannot be read: {error.strerror}; fix that and run the same command again.",
            path=str(path),
        ) from None
