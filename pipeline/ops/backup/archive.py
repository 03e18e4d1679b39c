"""The file: a gzipped tar with the manifest first, written whole and read with suspicion.

Nothing is unpacked that the manifest does not name, or that exceeds what it promises.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import os
import shutil
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from pipeline.errors import DataError, StorageError
from pipeline.ops.backup import manifest as manifests
from pipeline.ops.backup.manifest import Manifest, Member
from pipeline.ops.backup.members import content, headers
from pipeline.storage import local

_LARGEST_MANIFEST = 32 << 20
_ALWAYS_FINE = 64 << 20
_LARGEST_RATIO = 200
"""A backup unpacks to some 15 times its size at most; whatever exceeds these limits is a bomb."""


def measured(path: Path) -> Member:
    """Return the size and checksum of a file that is to become a member."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Member(file.tell(), digest)


def write(path: Path, manifest: Manifest, files: Mapping[str, Path]) -> None:
    """Write the manifest and the files it names, flushed to the disk, readable by its owner only.

    Raises:
        OSError: it cannot be written, or a file cannot be read.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "wb") as raw:
        with (
            gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=6) as packed,
            tarfile.open(fileobj=packed, mode="w", format=tarfile.USTAR_FORMAT) as tar,
        ):
            content = manifest.encode()
            tar.addfile(_header(manifests.NAME, len(content)), io.BytesIO(content))
            for name, source in files.items():
                with source.open("rb") as file:
                    tar.addfile(_header(name, manifest.members[name].size), file)
        raw.flush()
        local.sync(raw.fileno())


def read(path: Path, into: Path | None = None) -> Manifest:
    """Check a backup from its first to its last byte, and unpack it into a folder if one is given.

    Raises:
        DataError: it is cut, damaged, not ours or hostile; the sentence says which.
        StorageError: it cannot be read, or the folder cannot be written.
    """
    with _opened(path) as (stream, size):
        return _read(stream, max(_ALWAYS_FINE, _LARGEST_RATIO * size), into)


def read_manifest(path: Path) -> Manifest:
    """Return what a backup says of itself, without a look at the rest of it.

    Raises:
        DataError: it does not begin as a backup does.
        StorageError: it cannot be read.
    """
    with _opened(path) as (stream, _):
        return _first(stream, headers(stream))


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[gzip.GzipFile, int]]:
    """Lend what is packed in the file, and the size of the file; say what is wrong with it."""
    try:
        with path.open("rb") as file, gzip.GzipFile(fileobj=file, mode="rb") as stream:
            yield stream, os.fstat(file.fileno()).st_size
    except (ValueError, tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile) as error:
        said = type(error) is ValueError
        why = str(error) if said else "it is cut, damaged or no backup"
        raise DataError(
            f"{path} cannot be used: {why}. Nothing was changed; take another backup.",
            path=str(path),
        ) from None
    except OSError as error:
        where = error.filename or path
        raise StorageError(
            f"{where} cannot be read or written: {error.strerror}.", path=str(path)
        ) from None


def _read(stream: gzip.GzipFile, allowed: int, into: Path | None) -> Manifest:
    entries = headers(stream)
    manifest = _first(stream, entries)
    if manifest.total_bytes > allowed:
        raise ValueError("it would unpack to far more than a backup of its size holds")
    if into:
        _see_room(into, manifest.total_bytes)
    missing = dict(manifest.members)
    for entry in entries:
        promised = missing.pop(entry.name, None)
        if promised is None:
            raise ValueError(f"it holds {entry.name[:80]!r}, which its manifest does not name once")
        _take(stream, entry, promised, into)
    if missing:
        raise ValueError(f"it lacks {next(iter(missing))}, which its manifest names")
    return manifest


def _first(stream: gzip.GzipFile, entries: Iterator[tarfile.TarInfo]) -> Manifest:
    first = next(entries, None)
    if first is None or first.name != manifests.NAME or first.size > _LARGEST_MANIFEST:
        raise ValueError("it was not made by tmdb-pipeline backup")
    return manifests.decode(b"".join(content(stream, first.size)))


def _take(
    stream: gzip.GzipFile, entry: tarfile.TarInfo, promised: Member, into: Path | None
) -> None:
    """Check a member's content against what was promised, and write it into the folder."""
    if entry.size != promised.size:
        raise ValueError(f"{entry.name} is not as long as its manifest says")
    target = into / entry.name if into else Path(os.devnull)
    if into:
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with target.open("wb") as file:
        for chunk in content(stream, entry.size):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != promised.sha256:
        raise ValueError(f"the checksum of {entry.name} is wrong")


def _see_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise StorageError(
            f"Unpacking takes {needed >> 20} MB and {folder} has {free >> 20} MB free: make room."
        )


def _header(name: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(name)
    header.size, header.mode = size, 0o600
    return header
