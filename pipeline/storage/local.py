"""Documents as files: read whole, published atomically.

A document is written to a temporary beside its path, flushed to the disk, and then gets its name.
"""

from __future__ import annotations

import contextlib
import fnmatch
import functools
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError, StorageError
from pipeline.storage import bounded, filesystem

# Errors of a folder that does not exist.
_MISSING = (FileNotFoundError, NotADirectoryError)

# Age from which a temporary has no writer any more; writing one takes seconds.
ABANDONED_SECONDS = 3600


class LocalStorage:
    """The files of one machine, or of a disk that several share.

    `mode` has the permissions of new files, of which the umask may take more.
    """

    def __init__(self, mode: int = 0o644) -> None:
        self._opener = functools.partial(os.open, mode=mode)

    def read(self, path: Path) -> bytes:
        """Return a file's bytes."""
        with _reported(path, DocumentUnreadable):
            return bounded.read(path, bounded.MAX_DOCUMENT_BYTES)

    def publish(self, path: Path, content: Iterable[bytes]) -> bool:
        """Write a file unless it exists: of several publishers, the first one wins."""
        with self._temporary(path, content) as temporary:
            return _name_if_free(temporary, path)

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a file, also where an earlier one exists."""
        with self._temporary(path, content) as temporary:
            temporary.rename(path)

    def exists(self, path: Path) -> bool:
        """Whether a file exists."""
        with _reported(path, DocumentUnreadable):
            return path.exists()

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder, without the temporaries."""
        with _reported(folder, DocumentUnreadable), contextlib.suppress(*_MISSING):
            return [name for name in os.listdir(folder) if not name.startswith(".")]
        return []

    def remove(self, path: Path) -> None:
        """Remove a file; one that is gone already is no error."""
        with _reported(path):
            path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _temporary(self, path: Path, content: Iterable[bytes]) -> Iterator[Path]:
        """Write a temporary that gets its name within the block; flush it, then the name."""
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        with _reported(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                with open(temporary, "xb", opener=self._opener) as stream:
                    stream.writelines(content)
                    stream.flush()
                    filesystem.sync(stream.fileno())
                yield temporary
                with _opened(path.parent) as descriptor:
                    filesystem.sync(descriptor)
            finally:
                temporary.unlink(missing_ok=True)


def sweep(folders: Iterable[Path]) -> list[Path]:
    """Remove the temporaries that a crash left in these folders an hour ago, and return them."""
    removed = []
    for folder in folders:
        with contextlib.suppress(OSError):
            for name in fnmatch.filter(os.listdir(folder), ".*.*.tmp"):
                temporary = folder / name
                if clock.now().timestamp() - temporary.stat().st_mtime > ABANDONED_SECONDS:
                    temporary.unlink()
                    removed.append(temporary)
    return removed


@contextlib.contextmanager
def exclusive(folder: Path, path: Path) -> Iterator[None]:
    """Let one process at a time be within the block, for a folder; errors name `path`."""
    with contextlib.ExitStack() as stack:
        with _reported(path):
            folder.mkdir(parents=True, exist_ok=True)
            filesystem.lock(stack.enter_context(_opened(folder)))
        yield


def _name_if_free(temporary: Path, path: Path) -> bool:
    """Give a temporary the path's name unless it is taken.

    A hard link does both at once. Where there are none, one process at a time checks and renames.
    """
    try:
        if filesystem.link(temporary, path):
            return True
    except FileExistsError:
        return False
    with exclusive(path.parent, path):
        if path.exists():
            return False
        temporary.rename(path)
        return True


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def _reported(path: Path, kind: type[PipelineError] = StorageError) -> Iterator[None]:
    """Raise errors of the operating system as a sentence that says what to do."""
    try:
        yield
    except OSError as error:
        does = "write" if kind is StorageError else "read"
        raise kind(
            f"Cannot {does} {path}: {error.strerror}. Free or fix that disk or folder and run the "
            "same command again; what is finished is kept.",
            path=str(path),
        ) from None
