"""Files: read up to a bound, flushed, locked, and published atomically.

File systems that cannot flush a folder (SMB), lock (some network file systems) or link (FAT) work
as well. A full or failing disk is an error.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import logging
import mmap
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError, StorageError
from pipeline.storage import ABSENT, Skip
from pipeline.storage.folders import (
    adopt,
    make_folder,
    opened_below,
    refuse_links,
    walk_folder,
)

# Errors of calls that a file system does not support. NFS returns EBADF for locks of folders.
_NOT_SUPPORTED = (
    *(errno.EBADF, errno.EINVAL, errno.EMLINK, errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP),
    *(errno.ENOTTY, errno.EOPNOTSUPP, errno.EPERM, errno.EXDEV),
)

# Whether this run has warned: a byte that is shared with the task processes that it forks.
_warned = mmap.mmap(-1, 1)


def read(path: Path, most: int = 4 << 20) -> bytes:
    """Return the bytes of a regular file; raise OSError for any other, and for a larger one."""
    with open_end(path, most) as stream:
        if stream.tell() > 0:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return stream.read()


def read_end(path: Path, most: int) -> bytes:
    """Return the last bytes of a file, at most so many."""
    with open_end(path, most) as stream:
        return stream.read(most)


def open_end(path: Path, most: int) -> BinaryIO:
    """Open a regular file where its last bytes begin; what is appended later can be read too."""
    # A pipe would block a run, and a device fill its memory.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "Not a regular file", str(path))
    stream = os.fdopen(descriptor, "rb")
    stream.seek(max(0, status.st_size - most))
    return stream


def sync(descriptor: int) -> None:
    """Flush an open file or folder to the disk."""
    _is_supported(os.fsync, descriptor)


def lock(descriptor: int, *, wait: bool = True) -> bool:
    """Lock an open file until it is closed; BlockingIOError says that another process has it."""
    return _is_supported(fcntl.flock, descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


@contextlib.contextmanager
def exclusive(folder: Path, path: Path) -> Iterator[None]:
    """Let one process at a time be within the block, for a folder; errors name `path`."""
    with _reported(path), opened(folder) as descriptor:
        lock(descriptor)
        yield


def sweep(folders: Iterable[Path], names: str = ".*.*.tmp", seconds: int = 3_600) -> list[Path]:
    """Remove what was written so long ago, and return it: by default temporaries after a crash.

    Writing a temporary takes seconds: one that is an hour old has no writer any more.
    """
    removed = []
    for folder in folders:
        with contextlib.suppress(OSError):
            for path in folder.glob(names):
                if clock.now().timestamp() - path.stat().st_mtime > seconds:
                    path.unlink()
                    removed.append(path)
    return removed


class LocalStorage:
    """`Storage` in the files of one machine, or of a disk that several share."""

    def read(self, path: Path) -> bytes:
        """Return a document's bytes."""
        with _reported(path, DocumentUnreadable):
            # TMDB serves 10,000 movies of a list, some 15 MB; a week has some 200 MB.
            return read(path, 256 << 20)

    def read_end(self, path: Path, most: int) -> bytes:
        """Return the last bytes of a document, at most so many."""
        with _reported(path, DocumentUnreadable):
            return read_end(path, most)

    def publish(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document unless it exists: of several publishers, the first one wins."""
        with _temporary(path, content) as temporary, contextlib.suppress(FileExistsError):
            if _is_supported(os.link, temporary, path):
                return
            if not _warned[0]:
                _warned[0] = 1
                logging.getLogger("luigi-interface.pipeline").warning(
                    "No hard links for %s: run the pipeline on one host, or use another disk.", path
                )
            with exclusive(path.parent, path):
                if not path.exists():
                    temporary.rename(path)

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document, also where an earlier one exists."""
        with _temporary(path, content) as temporary:
            temporary.rename(path)

    def exists(self, path: Path) -> bool:
        """Whether a document exists."""
        with _reported(path, DocumentUnreadable):
            return path.exists()

    def stamp(self, path: Path) -> str:
        """Return size and time of change of a document, ABSENT where there is none."""
        with contextlib.suppress(OSError):
            status = os.stat(path)
            return f"{status.st_size} {status.st_mtime_ns}"
        return ABSENT

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder without the temporaries; none if there is no folder."""
        is_missing = contextlib.suppress(FileNotFoundError, NotADirectoryError)
        with _reported(folder, DocumentUnreadable), is_missing:
            return [name for name in os.listdir(folder) if not name.startswith(".")]
        return []

    def remove(self, path: Path, root: Path | None = None) -> None:
        """Remove a document, through no link below a root; one that is gone is no error."""
        with _reported(path), contextlib.suppress(FileNotFoundError):
            if root is None:
                path.unlink()
                return
            with opened_below(root, path.parent) as folder:
                os.unlink(path.name, dir_fd=folder)

    def walk(
        self, folder: Path, names: Collection[str] = (), skip: Skip | None = None
    ) -> Iterator[Path]:
        """Yield the documents below a folder, or below those of its folders."""
        return walk_folder(folder, names, skip)

    def is_folder(self, folder: Path) -> bool:
        """Whether there is such a folder itself, and no link."""
        return folder.is_dir() and not folder.is_symlink()

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder and those below it, as far as they hold no file."""
        for parent, _, _ in os.walk(folder, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(parent)

    def move(self, path: Path, target: Path, root: Path) -> None:
        """Move a document through no link below a root."""
        refuse_links(root, path, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)

    def as_file(self, path: Path, folder: Path) -> Path | None:
        """Return the document itself; None where there is no plain file."""
        return path if path.is_file() and not path.is_symlink() else None

    def restore(self, path: Path, source: Path, modified_at: float, *, replaces: bool) -> bool:
        """Publish a file that was saved, with its time, for the owner of the folder."""
        if os.path.lexists(path) and not replaces:
            return False
        make_folder(path.parent)
        (self.replace if replaces else self.publish)(path, [source.read_bytes()])
        os.utime(path, (modified_at, modified_at))
        adopt(path)
        return True


@contextlib.contextmanager
def _temporary(path: Path, content: Iterable[bytes]) -> Iterator[Path]:
    """Write a temporary that gets its name within the block; flush it, then the name."""
    temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
    with _reported(path), opened(path.parent) as folder:
        try:
            created = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
            with os.fdopen(created, "wb") as stream:
                stream.writelines(content)
                stream.flush()
                sync(created)
            yield temporary
            sync(folder)
        finally:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def opened(folder: Path) -> Iterator[int]:
    """Lend the descriptor of a folder, which is made if it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_supported(call: Callable[..., None], *arguments: object) -> bool:
    """Call a function of the system; return False if the file system does not support it."""
    try:
        call(*arguments)
    except OSError as error:
        if error.errno not in _NOT_SUPPORTED:
            raise
        return False
    return True


@contextlib.contextmanager
def _reported(path: Path, kind: type[PipelineError] = StorageError) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise kind(
            f"Cannot {'write' if kind is StorageError else 'read'} {path}: {error.strerror}. Free "
            "or fix that disk or folder and run the same command again; what is finished is kept."
        ) from None
