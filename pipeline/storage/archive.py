"""Backups as files, and their folder: a gzipped tar that begins with the sums of its members."""

import contextlib
import gzip
import hashlib
import os
import shutil
import tarfile
import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import msgspec

from pipeline.errors import DataError, StorageError
from pipeline.storage import local
from pipeline.storage.folders import adopt, make_folder
from pipeline.version import VERSION

MANIFEST, HISTORY, IDENTITY, METADATA = "manifest.json", "history.dump", "root.json", "metadata"
CONFIGURATION = {f"config/{name}": name for name in ("collection.toml", "quality.toml")}
SCHEMA = 1  # version of the layout of the file, raised when older code would misread it

_NAME, _STAGING = "tmdb-backup-%Y%m%dT%H%M%SZ.tar.gz", ".tmdb-backup-"
_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, LookupError, ValueError)


class Member(msgspec.Struct, frozen=True):
    """The size in bytes and the SHA-256 of a member."""

    size: int
    sha256: str


class Manifest(msgspec.Struct, kw_only=True):
    """The content of a backup; without a history, all that is said of one is None.

    `history_source` is the dumping program, `history_rows` the rows of each table, and
    `history_rehearsed` whether the database accepted the dump. 0.1.0 wrote only the first.
    """

    kind: Literal["tmdb-pipeline backup"] = "tmdb-pipeline backup"
    schema: int = SCHEMA
    version: str = VERSION
    created_at: datetime
    history_source: str | None = None
    history_rows: Mapping[str, int] | None = None
    history_rehearsed: bool | None = None
    members: dict[str, Member] = {}


def write(path: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write the files, and their sums into the manifest."""
    for name, source in files.items():
        with source.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
            manifest.members[name] = Member(file.tell(), sha256)
    sums = path.with_name(MANIFEST)
    sums.write_bytes(msgspec.json.format(msgspec.json.encode(manifest)))
    path.touch(mode=0o600)
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT, dereference=True) as tar:
        for name, source in {MANIFEST: sums, **files}.items():
            tar.add(source, name)


def read(path: Path, into: Path | None = None) -> Manifest:
    """Check a backup from its first to its last byte, then unpack it into a folder if one is given.

    DataError: it is cut, damaged or none of ours. StorageError: it cannot be read or unpacked.
    """
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            first, found = tar.next(), {}
            file: Any = tar.extractfile(first) if first and first.name == MANIFEST else None
            manifest = msgspec.json.decode(file.read() if file else b"", type=Manifest)
            while member := tar.next():
                file = tar.extractfile(member)
                sha256 = file and hashlib.file_digest(file, "sha256").hexdigest()
                found[member.name] = sha256  # None for what is no plain file
            while stream.read(1 << 20):  # to its end, where gzip has a sum of its own
                pass
            if manifest.schema != SCHEMA:
                raise ValueError("it was made by another version of tmdb-pipeline; use that one")
            promised = {name: member.sha256 for name, member in manifest.members.items()}
            if differing := sorted(name for name, _ in promised.items() ^ found.items()):
                raise ValueError(f"{differing[0][:100]!r} is not what its manifest promises")
            for name in found.keys() - {HISTORY, IDENTITY, *CONFIGURATION}:
                if not name.startswith(f"{METADATA}/"):
                    raise ValueError(f"this version does not know {name[:100]!r} in it")
            if into:
                # Python has the filter from 3.11.4 on.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(into)  # noqa: S202  by the data filter
    except _DAMAGE as error:
        why = str(error) if type(error) is ValueError else "it is cut, damaged or no backup"
        text = f"{path} cannot be used: {why}. Nothing was changed; take another backup."
        raise DataError(text) from None
    except OSError as error:
        where = error.filename or path
        raise StorageError(f"{where} cannot be read or written: {error.strerror}.") from None
    return manifest


def read_manifest(path: Path) -> Manifest | None:
    """Return what a backup says that it holds, unchecked; None where it cannot be read."""
    with contextlib.suppress(*_DAMAGE, OSError), tarfile.open(path, "r:gz") as tar:
        first = tar.next()
        file: Any = tar.extractfile(first) if first and first.name == MANIFEST else None
        return msgspec.json.decode(file.read() if file else b"", type=Manifest)
    return None


@contextlib.contextmanager
def staging(folder: Path) -> Iterator[Path]:
    """Lend a folder on the same disk that is gone afterwards; hold the lock of the backups.

    What a killed process left there is removed. StorageError says that another backup or restore
    runs, or which file of the block cannot be used.
    """
    try:
        make_folder(folder, 0o700)
        with local.opened(folder) as descriptor:
            if local.lock(descriptor, wait=False):
                for left_over in folder.glob(f"{_STAGING}*"):
                    shutil.rmtree(left_over, ignore_errors=True)
            with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as lent:
                yield Path(lent)
    except BlockingIOError:
        text = f"Another backup or restore is at work in {folder}: wait for its end."
        raise StorageError(text) from None
    except OSError as error:
        what, advice = error.filename or folder, "Free or correct that"
        if isinstance(error, PermissionError):
            advice = f"Give it to the user who runs the pipeline (chown {os.geteuid()} {what})"
        raise StorageError(
            f"{what} cannot be read or written: {error.strerror or error}. {advice} and run the "
            "command again; no backup was harmed."
        ) from None


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
    with contextlib.suppress(ValueError):
        return datetime.strptime(path.name, _NAME).replace(tzinfo=UTC)
    return None


def newest_with_history(folders: Iterable[Path]) -> Path | None:
    """Return the newest whole backup of the folders that holds a history."""
    found = sorted((path for folder in folders for path in named(folder)), key=lambda at: at.name)
    for path in reversed(found):
        with contextlib.suppress(DataError, StorageError):
            if HISTORY in read(path).members:
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
            whole[path] = read(path)
        except (DataError, StorageError) as error:
            names["damaged" if isinstance(error, DataError) else "unreadable"].append(path.name)
    others = [path for path in whole if path != new]
    stay = {new, *others[max(0, len(others) - keep + 1) :]}
    histories = ((path, each) for path, each in whole.items() if HISTORY in each.members)
    if tasks := {path: (each.history_rows or {}).get("tasks", 0) for path, each in histories}:
        newest, largest = list(tasks)[-1], max(tasks, key=tasks.__getitem__)
        stay |= {newest, largest if 0 < tasks[newest] < tasks[largest] / 2 else newest}
    for path in whole:
        names["kept" if path in stay else "removed"].append(path.name)
        if path not in stay:
            path.unlink()
    return names
