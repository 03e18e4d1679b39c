"""The folder of backups: one backup at a time, the newest kept, strangers left alone."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline import filesystem
from pipeline.errors import DataError, StorageError
from pipeline.ops.backup import archive

_NAME = re.compile(r"tmdb-backup-\d{8}T\d{6}Z\.tar\.gz")
_STAGING = ".tmdb-backup-"


@dataclass(frozen=True)
class Rotation:
    """What became of the backups of a folder. `damaged` ones carry our name and are no backups."""

    kept: list[Path]
    removed: list[Path]
    damaged: list[Path]


def name_at(instant: datetime) -> str:
    """Return a backup's file name; names sort as their instants do."""
    return f"tmdb-backup-{instant:%Y%m%dT%H%M%SZ}.tar.gz"


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder for files on the way, on the same disk, that is gone afterwards.

    What a killed process left there is removed. Makes the folder where it is missing.

    Raises:
        StorageError: another backup or restore is at it, or the folder cannot be written.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise StorageError(f"{folder} cannot be used: {error.strerror}.") from None
    try:
        if _lock(descriptor, folder):
            for left_over in folder.glob(f"{_STAGING}*"):
                shutil.rmtree(left_over, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as lent:
            yield Path(lent)
    except OSError as error:
        what, why = error.filename or folder, error.strerror or error
        raise StorageError(
            f"{what} cannot be written: {why}. Free or mend that disk and run the command again; "
            "no backup was harmed."
        ) from None
    finally:
        os.close(descriptor)


def rotate(folder: Path, keep: int) -> Rotation:
    """Remove the oldest whole backups but the newest `keep`.

    A damaged one does not count, so that it never crowds out a whole one, and is left for a person
    to look at, as is every file of another name.
    """
    named = sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    whole = [path for path in named if _is_whole(path)]
    removed = whole[:-keep]
    for path in removed:
        path.unlink()
    return Rotation(whole[-keep:], removed, [path for path in named if path not in whole])


def _lock(descriptor: int, folder: Path) -> bool:
    try:
        return filesystem.lock(descriptor, folder, wait=False)
    except BlockingIOError:
        raise StorageError(
            f"Another backup or restore is at work in {folder}: wait for its end."
        ) from None


def _is_whole(path: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    try:
        archive.read(path)
    except (DataError, StorageError):
        return False
    return True
