"""The file of a backup: a gzipped tar whose first member has the sums of all others."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import zlib
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import IO, Literal

import msgspec

from pipeline.errors import DataError, StorageError
from pipeline.version import VERSION

MANIFEST, HISTORY, IDENTITY, METADATA = "manifest.json", "history.dump", "root.json", "metadata"
CONFIGURATION = {f"config/{name}": name for name in ("collection.toml", "quality.toml")}
"""Member -> file in the configuration's folder."""

SCHEMA = 1
"""Version of the layout of the file, raised when older code would misread it."""

_DAMAGE = (tarfile.TarError, EOFError, zlib.error, gzip.BadGzipFile, LookupError, ValueError)
_FILES = {HISTORY, IDENTITY, *CONFIGURATION}


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

    @property
    def holds_history(self) -> bool:
        """Whether there is a dump of the task history."""
        return HISTORY in self.members

    @property
    def tasks(self) -> int:
        """The number of tasks in the history; 0 where it is not known."""
        return (self.history_rows or {}).get("tasks", 0)

    @property
    def metadata_files(self) -> int:
        """The number of reports and summaries."""
        return sum(name.startswith(f"{METADATA}/") for name in self.members)


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

    Raises:
        DataError: it is cut, damaged or none of ours; the sentence says which.
        StorageError: it cannot be read, or the folder cannot be written.
    """
    try:
        with gzip.open(path) as stream, tarfile.open(fileobj=stream, mode="r:") as tar:
            first = tar.next()
            file = tar.extractfile(first) if first and first.name == MANIFEST else None
            manifest = msgspec.json.decode(file.read() if file else b"", type=Manifest)
            found = {each.name: _sum(tar.extractfile(each)) for each in tar if each is not first}
            while stream.read(1 << 20):  # to its end, where gzip has a sum of its own
                pass
            if manifest.schema != SCHEMA:
                raise ValueError("it was made by another version of tmdb-pipeline; use that one")
            promised = {name: member.sha256 for name, member in manifest.members.items()}
            if differing := sorted(name for name, _ in promised.items() ^ found.items()):
                raise ValueError(f"{differing[0][:100]!r} is not what its manifest promises")
            for name in found.keys() - _FILES:
                if not name.startswith(f"{METADATA}/"):
                    raise ValueError(f"this version does not know {name[:100]!r} in it")
            if into:
                # Python has the filter from 3.11.4 on.
                tar.extraction_filter = getattr(tarfile, "data_filter", None)
                tar.extractall(into)  # noqa: S202  by the data filter
    except _DAMAGE as error:
        why = str(error) if type(error) is ValueError else "it is cut, damaged or no backup"
        raise DataError(
            f"{path} cannot be used: {why}. Nothing was changed; take another backup."
        ) from None
    except OSError as error:
        where = error.filename or path
        raise StorageError(f"{where} cannot be read or written: {error.strerror}.") from None
    return manifest


def _sum(file: IO[bytes] | None) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest() if file else "it is no plain file"  # type: ignore[arg-type]
