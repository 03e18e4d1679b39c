"""Documents on disk: published whole or not at all, read back with a clear word where damaged.

A document is written under a temporary name in its own folder, flushed to the disk, and renamed.
The temporary is locked by its writer; a lock vanishes with its process, so whatever can be locked
by another is a left-over of a crash and is swept; where there are no locks, what is a day old. Its
name follows from the document's, so that nobody has to list a folder of ten years to find it.
"""

from __future__ import annotations

import contextlib
import datetime
import itertools
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline import bounded, clock, filesystem, jsontext
from pipeline.errors import DocumentUnreadable, StorageError

Document = dict[str, Any]

_MOST_WRITERS = 16
"""Of one document at once whose left-overs are looked for."""

_ABANDONED_SECONDS = 24 * 3600
"""Age from which a temporary is a left-over where the file system has no locks."""

_BUFFER = 1 << 18

_INFO_BYTES = 8_192
_INFO = b'\n  "collection_info": '

_COLLECTION_KEYS = {"total_collected": int, "collected_at": str, "late_by_days": int, "source": str}
_REPORT_KEYS: dict[str, tuple[type, ...]] = {
    "validation_rate": (int, float),
    "overall_quality_score": (int, float),
    "total_movies_validated": (int,),
    "common_issues": (list,),
    "late_by_days": (int,),
    "source": (str,),
    "verdict": (str,),
    "checks": (list,),
}
"""What later steps rely on in the documents that they read back."""


def publish(path: Path, document: Document) -> None:
    """Write the document so that its name only ever bears the whole of it.

    Where another run has published the same name meanwhile, that one stays: what was read once does
    not change afterwards.

    Raises:
        StorageError: disk full, read-only, no permission; nothing is left behind.
    """
    _write(path, _lines(document), replace=False)


def publish_page(path: Path, html: str) -> None:
    """Write a page as `publish` writes a document; it replaces an earlier page of that name."""
    _write(path, [_bytes(html)], replace=True)


def write_state(path: Path, text: str) -> None:
    """Write a small file that a crash may cut: its reader does without it, at some cost.

    Raises:
        StorageError: as `publish`.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Callable[[str], None]]:
    """Hand out what replaces a page by a newer one, whole.

    Within the block nobody else replaces it: what the new page is made of was read meanwhile, and a
    run that read less must not come last.

    Raises:
        StorageError: as `publish`; the old page stays.
    """
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = os.open(path.with_name(f".{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)
    try:
        with _told(path):
            filesystem.lock(lock, path)
        yield lambda html: _write(path, [_bytes(html)], replace=True)
    finally:
        os.close(lock)


@contextlib.contextmanager
def exclusive(folder: Path, path: Path) -> Iterator[None]:
    """Let one process at a time be within the block, for a folder; no file is left behind.

    Raises:
        StorageError: the folder cannot be made; the sentence names the path that is to be written.
    """
    with _told(path):
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        with _told(folder):
            filesystem.lock(descriptor, folder)
        yield
    finally:
        os.close(descriptor)


def is_there(path: Path) -> bool:
    """Whether a document is there.

    Raises:
        DocumentUnreadable: its folder may not be looked into.
    """
    try:
        return path.exists()
    except OSError as error:
        raise _unreadable(path, error) from None


def read(path: Path) -> Document:
    """Read a document back.

    Raises:
        DocumentUnreadable: it is gone or damaged; the sentence says how to have it made again.
    """
    text = _text(path)
    try:
        document = jsontext.decode(text)
    except ValueError as error:
        raise _damaged(path, f"it is not JSON ({error})") from None
    if not isinstance(document, dict):
        raise _damaged(path, "it holds no JSON object")
    return document


def read_collection(path: Path) -> Document:
    """Read a document of films: `movies` (rows with an id) and `collection_info` are there.

    Raises:
        DocumentUnreadable: as `read`, or one of the two is missing or of another shape.
    """
    document = read(path)
    movies = document.get("movies")
    if not isinstance(movies, list) or not all(_is_film(row) for row in movies):
        raise _damaged(path, "its movies are not a list of films with ids")
    _refuse_unusable(path, document.get("collection_info"))
    return document


def read_info(path: Path) -> Document | None:
    """Return a list's `collection_info` alone, without its films; None where it has none.

    It stands behind the films, so that the end of the file is enough for a document of ours.
    """
    try:
        _, found, info = bounded.read_end(path, _INFO_BYTES).rpartition(_INFO)
        document = jsontext.decode(b'{"info": ' + info) if found else {"info": _info(path)}
    except (OSError, ValueError):
        return None
    known = document.get("info")
    return known if isinstance(known, dict) else None


def _info(path: Path) -> Any:
    document = jsontext.decode(bounded.read(path, bounded.LARGEST_DOCUMENT))
    return document.get("collection_info") if isinstance(document, dict) else None


def _refuse_unusable(path: Path, info: Any) -> None:
    if not isinstance(info, dict):
        raise _damaged(path, "it has no collection_info")
    for key, kind in _COLLECTION_KEYS.items():
        if type(info.get(key)) is not kind:
            raise _damaged(path, f"its collection_info has no usable {key}")
    try:
        datetime.datetime.fromisoformat(info["collected_at"]).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        raise _damaged(path, "its collected_at is no instant") from None


def read_report(path: Path) -> Document:
    """Read a validation report, as the summary needs it.

    Raises:
        DocumentUnreadable: as `read`, or a figure of it is missing.
    """
    report = read(path)
    for key, kinds in _REPORT_KEYS.items():
        if not isinstance(report.get(key), kinds):
            raise _damaged(path, f"it has no usable {key}")
    return report


def set_aside(path: Path, kept: Path) -> None:
    """Move a document away, so that its task is to be done again; gone already is as good.

    Raises:
        StorageError: it cannot be moved; it stays where it is.
    """
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            path.rename(kept)
    except OSError as error:
        raise StorageError(
            f"Cannot move {path} to {kept}: {error.strerror}. Mend that and run the same command "
            "again.",
            path=str(path),
        ) from None


def encode(document: Document) -> bytes:
    """Turn a document into bytes: UTF-8, not escaped, indented, a line feed at its end."""
    return b"".join(_lines(document))


def sweep(path: Path) -> list[Path]:
    """Remove temporaries of a document whose writer is gone, and return them."""
    numbered = (_temporary(path, number) for number in range(_MOST_WRITERS))
    return [temporary for temporary in numbered if _removed_if_abandoned(temporary)]


def _lines(document: Document) -> Iterator[bytes]:
    yield from jsontext.pieces(document)
    yield b"\n"


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", errors="backslashreplace")


def _text(path: Path) -> bytes:
    try:
        return bounded.read(path, bounded.LARGEST_DOCUMENT)
    except OSError as error:
        raise _unreadable(path, error) from None


def _write(path: Path, pieces: Iterable[bytes], *, replace: bool) -> None:
    with _told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        sweep(path)
        _publish(path, pieces, replace=replace)


@contextlib.contextmanager
def _told(path: Path) -> Iterator[None]:
    """Tell in a sentence what the machine refuses."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            f"Cannot write {path}: {error.strerror}. Free or mend that disk or folder and run the "
            "same command again; what is finished is kept.",
            path=str(path),
        ) from None


def _publish(path: Path, pieces: Iterable[bytes], *, replace: bool) -> None:
    with _locked_temporary(path) as (descriptor, temporary):
        with open(descriptor, "wb", buffering=_BUFFER, closefd=False) as stream:
            stream.writelines(pieces)
        filesystem.sync(descriptor, path)
        with _open_folder(path.parent) as folder:
            is_locked = filesystem.lock(folder, path)
            publish = _replaced if replace else _renamed_if_free if is_locked else _linked_if_free
            if publish(temporary, path):
                filesystem.sync(folder, path)


def _replaced(temporary: Path, path: Path) -> bool:
    """Give the temporary the document's name, also where another file has it."""
    temporary.rename(path)
    return True


def _renamed_if_free(temporary: Path, path: Path) -> bool:
    """Give the temporary the document's name unless another run took it; one process at a time."""
    if path.exists():
        return False
    temporary.rename(path)
    return True


def _linked_if_free(temporary: Path, path: Path) -> bool:
    """Do the same where there are no locks, by a link; without those, by the look before it."""
    try:
        return filesystem.link(temporary, path) or _renamed_if_free(temporary, path)
    except FileExistsError:
        return False


@contextlib.contextmanager
def _locked_temporary(path: Path) -> Iterator[tuple[int, Path]]:
    """Open a temporary beside the path, locked; it is gone afterwards unless it was renamed."""
    for number in itertools.count():
        temporary = _temporary(path, number)
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        except FileExistsError:  # another run is writing the same document
            continue
        filesystem.lock(descriptor, path)
        if os.fstat(descriptor).st_nlink:  # nobody swept it between its making and its locking
            break
        os.close(descriptor)
    try:
        yield descriptor, temporary
    finally:
        if _is_at(descriptor, temporary):
            temporary.unlink()
        os.close(descriptor)


def _temporary(path: Path, number: int) -> Path:
    return path.with_name(f".{path.name}.{number}.tmp")


def _is_at(descriptor: int, path: Path) -> bool:
    """Whether a file still has that name; once renamed, another run may have taken it."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


def _removed_if_abandoned(temporary: Path) -> bool:
    try:
        descriptor = os.open(temporary, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        if not filesystem.lock(descriptor, temporary, wait=False) and not _is_old(descriptor):
            return False
        temporary.unlink()
    except (BlockingIOError, FileNotFoundError):
        return False
    finally:
        os.close(descriptor)
    return True


def _is_old(descriptor: int) -> bool:
    return clock.now().timestamp() - os.fstat(descriptor).st_mtime > _ABANDONED_SECONDS


@contextlib.contextmanager
def _open_folder(folder: Path) -> Iterator[int]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _is_film(row: Any) -> bool:
    return isinstance(row, dict) and type(row.get("id")) is int


def _unreadable(path: Path, error: OSError) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"{path} cannot be read: {error.strerror}; mend that and run the same command again.",
        path=str(path),
    )


def _damaged(path: Path, why: str) -> DocumentUnreadable:
    return DocumentUnreadable(
        f"{path} is damaged: {why}; delete that file and run the same command again to have it "
        "made anew.",
        path=str(path),
    )
