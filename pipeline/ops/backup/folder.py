"""The folder of backups: one backup at a time, the newest kept, files of others left alone."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.errors import DataError, StorageError
from pipeline.ops.backup import archive
from pipeline.ops.backup.manifest import Manifest
from pipeline.storage import local

_NAME = re.compile(r"tmdb-backup-(\d{8}T\d{6}Z)\.tar\.gz")
_STAGING = ".tmdb-backup-"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NOT_ALLOWED = (errno.EACCES, errno.EPERM)


@dataclass(frozen=True)
class Rotation:
    """The result of a rotation: the backups of a folder by what became of them.

    `damaged` ones carry our name and are no backups; `unreadable` ones are closed to this user.
    """

    kept: list[Path]
    removed: list[Path]
    damaged: list[Path]
    unreadable: list[Path]


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder for files on the way, on the same disk, that is gone afterwards.

    What a killed process left there is removed. Makes the folder where it is missing.

    Raises:
        StorageError: another backup or restore runs, or the folder or a file cannot be used.
    """
    try:
        make(folder, mode=0o700)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(_sentence(error, folder)) from None
    try:
        if _lock(descriptor, folder):
            for left_over in folder.glob(f"{_STAGING}*"):
                shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as lent:
            yield Path(lent)
    except OSError as error:
        raise StorageError(_sentence(error, folder)) from None
    finally:
        os.close(descriptor)


def make(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing, `mode` being that of the last one."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        each.mkdir(mode=mode if each == folder else 0o777, exist_ok=True)
        adopt(each)


def adopt(path: Path) -> None:
    """Give what root wrote to the owner of its folder, who could not replace or remove it else."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def publish(written: Path, folder: Path, at: datetime) -> Path:
    """Name a finished backup by its instant; a second one of that instant gets the next second."""
    while os.path.lexists(path := folder / f"tmdb-backup-{at:%Y%m%dT%H%M%SZ}.tar.gz"):
        at += timedelta(seconds=1)
    written.rename(path)
    adopt(path)
    descriptor = os.open(folder, os.O_RDONLY)
    local.sync(descriptor)
    os.close(descriptor)
    return path


def named(folder: Path) -> list[Path]:
    """Return what carries the name of a backup, oldest first."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if made_at(path))


def made_at(path: Path) -> datetime | None:
    """Return the instant in the name of a backup; None for a file of another name."""
    found = _NAME.fullmatch(path.name)
    try:
        return found and datetime.strptime(found[1], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def newest_with_history(folders: Sequence[Path]) -> Path | None:
    """Return the newest backup of the folders that holds a history, by its manifest alone."""
    found: list[Path] = []
    for folder in dict.fromkeys(folders):
        with contextlib.suppress(OSError):  # a folder that is not written to may be unreadable
            found += named(folder)
    newest_first = sorted(found, key=lambda path: path.name, reverse=True)
    return next((path for path in newest_first if _promises_history(path)), None)


def rotate(folder: Path, keep: int, new: Path) -> Rotation:
    """Remove the oldest whole backups but the new one and the newest `keep` - 1 others.

    The newest that holds a history stays as well, and so does the largest history where the newest
    has less than half of its tasks: the database was replaced. A damaged one does not count, so
    that it never crowds out a whole one, and is left for a person to look at, as is every file of
    another name.
    """
    damaged, unreadable = [], []
    whole: dict[Path, Manifest] = {}
    for path in named(folder):
        try:
            whole[path] = read(path)
        except DataError:
            damaged.append(path)
        except StorageError:
            unreadable.append(path)
    others = [path for path in whole if path != new]
    stay = {new, *others[len(others) - min(keep - 1, len(others)) :], *_histories(whole)}
    removed = [path for path in others if path not in stay]
    for path in removed:
        path.unlink()
    return Rotation([path for path in whole if path in stay], removed, damaged, unreadable)


def _histories(whole: Mapping[Path, Manifest]) -> list[Path]:
    """Return the newest backup with a history, and the one with far more tasks if there is one."""
    with_history = [path for path in whole if whole[path].holds_history]
    if not with_history:
        return []
    newest = with_history[-1]
    largest = max(with_history, key=lambda path: whole[path].tasks)
    is_smaller = 0 < whole[newest].tasks < whole[largest].tasks / 2
    return [newest, largest] if is_smaller else [newest]


def read(path: Path) -> Manifest:
    """Check a backup from its first to its last byte.

    Raises:
        DataError: it is damaged, or no plain file.
        StorageError: it cannot be read.
    """
    if path.is_symlink() or not path.is_file():
        raise DataError(f"{path} is no plain file.")
    return archive.read(path)


def _promises_history(path: Path) -> bool:
    try:
        is_file = path.is_file() and not path.is_symlink()
        return is_file and archive.read_manifest(path).holds_history
    except (DataError, StorageError, OSError):
        return False


def _lock(descriptor: int, folder: Path) -> bool:
    try:
        return local.lock(descriptor, wait=False)
    except BlockingIOError:
        raise StorageError(
            f"Another backup or restore is at work in {folder}: wait for its end."
        ) from None


def _sentence(error: OSError, folder: Path) -> str:
    """Say which file it was, what was wrong, and what to do about it."""
    what, why = error.filename or folder, error.strerror or error
    advice = "Correct that"
    if error.errno in _NO_ROOM:
        advice = "Free that disk"
    elif error.errno in _NOT_ALLOWED:
        advice = f"Give it to the user who runs the pipeline (chown {os.geteuid()} {what})"
    elif error.errno == errno.EROFS:
        advice = "Make it writable (with systemd: ReadWritePaths= of tmdb-backup.service)"
    return (
        f"{what} cannot be read or written: {why}. {advice} and run the command again; "
        "no backup was harmed."
    )
