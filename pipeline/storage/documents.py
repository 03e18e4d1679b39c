"""The JSON documents of the data root: published, and checked where they are read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from pipeline.documents import json_text, schema
from pipeline.errors import DocumentUnreadable
from pipeline.storage import LocalStorage, Storage, bounded

Document = schema.Document

STORAGE: Storage = LocalStorage()

# Bytes at the end of a list's document that hold its collection_info.
_INFO_BYTES = 8_192
_INFO = b'\n  "collection_info": '


def publish(path: Path, document: Document) -> None:
    """Write a document; one that another run has published meanwhile stays.

    Raises:
        StorageError: disk full, read-only, no permission; nothing is left behind.
    """
    STORAGE.publish(path, _pieces(document))


def replace(path: Path, text: str) -> None:
    """Write a page or another text, also where an earlier one is there.

    Raises:
        StorageError: as `publish`; the earlier one stays.
    """
    STORAGE.replace(path, [text.encode("utf-8", errors="backslashreplace")])


def exists(path: Path) -> bool:
    """Whether a document is there.

    Raises:
        DocumentUnreadable: its folder may not be looked into.
    """
    return STORAGE.exists(path)


def set_aside(path: Path, kept: Path) -> None:
    """Move a document, so that its task is to be done again; one that is gone already is no error.

    Raises:
        StorageError: it cannot be moved; it stays where it is.
    """
    if STORAGE.exists(path):
        STORAGE.publish(kept, [STORAGE.read(path)])
        STORAGE.remove(path)


def encode(document: Document) -> bytes:
    """Return a document as bytes: UTF-8, not escaped, indented, a line feed at its end."""
    return b"".join(_pieces(document))


def read(path: Path) -> Document:
    """Read a document back.

    Raises:
        DocumentUnreadable: it is gone or damaged; the sentence says how to have it made again.
    """
    content = STORAGE.read(path)
    try:
        document = json_text.decode(content)
    except ValueError as error:
        raise _damaged(path, f"it is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise _damaged(path, "it holds no JSON object")
    return document


def read_collection(path: Path) -> Document:
    """Read a list: `movies` (rows with an id) and `collection_info` are there.

    Raises:
        DocumentUnreadable: as `read`, or the content is not that of a list.
    """
    return _read_checked(path, schema.check_collection)


def read_report(path: Path) -> Document:
    """Read a validation report, as the summary needs it.

    Raises:
        DocumentUnreadable: as `read`, or a figure of it is missing.
    """
    return _read_checked(path, schema.check_report)


def read_info(path: Path) -> Document | None:
    """Return a list's `collection_info` alone, without its movies; None where it has none.

    It comes after the movies, so that the end of the file is enough for a document of ours.
    """
    try:
        _, found, rest = bounded.read_end(path, _INFO_BYTES).rpartition(_INFO)
        known = json_text.decode(b'{"collection_info": ' + rest) if found else read(path)
    except (OSError, ValueError, DocumentUnreadable):
        return None
    info = known.get("collection_info")
    return info if isinstance(info, dict) else None


def _pieces(document: Document) -> Iterator[bytes]:
    yield from json_text.pieces(document)
    yield b"\n"


def _read_checked(path: Path, check: Callable[[Document], None]) -> Document:
    document = read(path)
    try:
        check(document)
    except ValueError as error:
        raise _damaged(path, str(error)) from None
    return document


def _damaged(path: Path, why: str) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"{path} is damaged: {why}; delete that file and run the same command again to have it "
        "made anew.",
        path=str(path),
    )
