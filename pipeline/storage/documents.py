"""The JSON documents of the data root: published, and checked where they are read back."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.documents import json_text, schema
from pipeline.errors import DocumentUnreadable
from pipeline.storage import ABSENT, Skip, Storage, local, objects
from pipeline.storage.object_path import ObjectPath

Document = schema.Document
LOOK_BACK_DAYS = 60  # in which the newest document is looked for
_DISK, _BUCKETS = local.LocalStorage(), objects.ObjectStorage()


def storage_of(path: Path) -> Storage:
    """Return what keeps a path: the bucket of an `s3://` path, else the disk."""
    return _BUCKETS if isinstance(path, ObjectPath) else _DISK


def exists(path: Path) -> bool:
    """Return whether a document exists."""
    return storage_of(path).exists(path)


def is_listed(path: Path) -> bool:
    """Return whether a document exists; in a bucket, by a listing that is at most seconds old.

    For what looks at hundreds of days at once, and never to decide whether a task is done.
    """
    return storage_of(path).stamp(path) != ABSENT


def stamp(path: Path) -> str:
    """Return size and time of change of a file, ABSENT where there is none."""
    return storage_of(path).stamp(path)


def newest(
    path_of: Callable[[datetime.date], Path], today: datetime.date
) -> tuple[datetime.date, Path] | None:
    """Return the latest day of the last 60 that has a document, and the document."""
    days = (today - datetime.timedelta(days=number) for number in range(LOOK_BACK_DAYS))
    return next(((day, path_of(day)) for day in days if is_listed(path_of(day))), None)


def names_in(folder: Path) -> Sequence[str]:
    """Return the names in a folder; none if there is no folder."""
    return storage_of(folder).list(folder)


def publish(path: Path, document: Document) -> None:
    """Publish a document; one that another run has published meanwhile stays."""
    storage_of(path).publish(path, itertools.chain(json_text.pieces(document), [b"\n"]))


def replace(path: Path, text: str | bytes) -> None:
    """Write a page or another text, also where an earlier one exists."""
    if isinstance(text, str):
        text = text.encode("utf-8", errors="backslashreplace")
    storage_of(path).replace(path, [text])


def remove(path: Path, root: Path | None = None) -> None:
    """Remove a document, through no link below a root; one that is gone already is no error."""
    storage_of(path).remove(path, root)


def walk(folder: Path, names: Collection[str] = (), skip: Skip | None = None) -> Iterator[Path]:
    """Yield the documents below a folder, or below those of its folders; see `Storage.walk`."""
    return storage_of(folder).walk(folder, names, skip)


def sweep(folders: Iterable[Path], names: str = ".*.*.tmp") -> list[Path]:
    """Remove what killed processes left in folders of a disk; a killed upload leaves nothing."""
    return local.sweep([each for each in folders if storage_of(each) is _DISK], names)


def set_aside(path: Path, kept: Path) -> None:
    """Move a document, so that its task runs again; one that is gone already is no error."""
    storage = storage_of(path)
    if storage.exists(path):
        storage.publish(kept, [storage.read(path)])
        storage.remove(path)


def read(path: Path, check: Callable[[Document], None] = lambda _: None) -> Document:
    """Read a document, checked by a function that raises ValueError; else DocumentUnreadable."""
    content = storage_of(path).read(path)
    try:
        document = json_text.decode(content)
        if not isinstance(document, dict):
            raise ValueError("it holds no JSON object")
        check(document)
    except ValueError as error:
        raise DocumentUnreadable(
            f"{path} is damaged: {error}; delete that file and run the same command again to have "
            "it made anew."
        ) from None
    return document


def read_collection(path: Path) -> Document:
    """Read a list: `movies` (rows with an id) and `collection_info` are there."""
    return read(path, schema.check_collection)


def read_report(path: Path) -> Document:
    """Read a validation report, with the figures that the summary needs."""
    return read(path, schema.check_report)


def read_info(path: Path) -> Document | None:
    """Return a list's `collection_info`; None where the list is damaged or states none.

    It ends our documents, so that luigid's metrics need not read the movies of a long list.
    """
    try:
        _, is_found, end = (
            storage_of(path).read_end(path, 8_192).rpartition(b'\n  "collection_info": ')
        )
        document = json_text.decode(b'{"collection_info": ' + end) if is_found else read(path)
    except (OSError, ValueError, DocumentUnreadable):
        return None
    info = document.get("collection_info")
    return info if isinstance(info, dict) else None
