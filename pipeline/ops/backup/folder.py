"""The folder of backups: one command at a time, the newest kept, files of others left alone."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipeline.errors import DataError, StorageError
from pipeline.ops.backup import archive
from pipeline.ops.backup.archive import Manifest
from pipeline.storage import local

_NAME, _STAGING = "tmdb-backup-%Y%m%dT%H%M%SZ.tar.gz", ".tmdb-backup-"


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder on the same disk that is gone afterwards; hold the lock of the backups.

    What a killed process left there is removed.

    Raises:
        StorageError: another backup or restore runs, or a file cannot be used.
    """
    try:
        make(folder, 0o700)
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            if local.lock(descriptor, wait=False):
                for left_over in folder.glob(f"{_STAGING}*"):
                    shutil.rmtree(left_over, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as lent:
                yield Path(lent)
        finally:
            os.close(descriptor)
    except BlockingIOError:
        raise StorageError(
            f"Another backup or restore is at work in {folder}: wait for its end."
        ) from None
    except OSError as error:
        what, advice = error.filename or folder, "Free or correct that"
        if isinstance(error, PermissionError):
            advice = f"Give it to the user who runs the pipeline (chown {os.geteuid()} {what})"
        raise StorageError(
            f"{what} cannot be read or written: {error.strerror or error}. {advice} and run the "
            "command again; no backup was harmed."
        ) from None


def make(folder: Path, mode: int = 0o777) -> None:
    """Make a folder and those above it that are missing, `mode` being that of the last one."""
    for each in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        each.mkdir(mode=mode if each == folder else 0o777, exist_ok=True)
        adopt(each)


def adopt(path: Path) -> None:
    """Give what root wrote to the owner of its folder, who could not replace or remove it else."""
    if os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)


def publish(written: Path, folder: Path, at: datetime) -> Path:
    """Name a finished backup by its instant; a second one of that instant gets the next second."""
    while os.path.lexists(path := folder / at.strftime(_NAME)):
        at += timedelta(seconds=1)
    written.rename(path)
    adopt(path)
    for each in (path, folder):
        descriptor = os.open(each, os.O_RDONLY)
        local.sync(descriptor)
        os.close(descriptor)
    return path


def named(folder: Path) -> list[Path]:
    """Return the files with the name of a backup, oldest first."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    return [each for each in found if made_at(each) and each.is_file() and not each.is_symlink()]


def made_at(path: Path) -> datetime | None:
    """Return the instant in the name of a backup; None for a file of another name."""
    try:
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    except ValueError:
        return None


def newest_with_history(folders: Iterable[Path]) -> Path | None:
    """Return the newest whole backup of the folders that holds a history."""
    found = sorted((path for folder in folders for path in named(folder)), key=lambda at: at.name)
    for path in reversed(found):
        with contextlib.suppress(DataError, StorageError):
            if archive.read(path).holds_history:
                return path
    return None


def rotate(folder: Path, keep: int, new: Path) -> dict[str, list[str]]:
    """Remove the oldest whole backups but the new one and the newest `keep` - 1 others.

    The newest that holds a history stays as well, and so does the largest history where the newest
    has less than half of its tasks: the database was replaced. Damaged and unreadable ones do not
    count, and are left for a person to look at.
    """
    whole: dict[Path, Manifest] = {}
    names: dict[str, list[str]] = {"kept": [], "removed": [], "damaged": [], "unreadable": []}
    for path in named(folder):
        try:
            whole[path] = archive.read(path)
        except DataError:
            names["damaged"].append(path.name)
        except StorageError:
            names["unreadable"].append(path.name)
    others = [path for path in whole if path != new]
    stay = {new, *others[max(0, len(others) - keep + 1) :]}
    if histories := [path for path in whole if whole[path].holds_history]:
        newest, largest = histories[-1], max(histories, key=lambda path: whole[path].tasks)
        stay |= {newest, largest if 0 < whole[newest].tasks < whole[largest].tasks / 2 else newest}
    for path in whole:
        names["kept" if path in stay else "removed"].append(path.name)
        if path not in stay:
            path.unlink()
    return names
