"""Documents as objects of a bucket: conditional PUTs, whole reads, listings by prefix."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pipeline import clock
from pipeline.errors import DocumentUnreadable, StorageError
from pipeline.storage import ABSENT, Skip
from pipeline.storage.object_path import ObjectPath
from pipeline.storage.s3_client import StoreFault, bounded, call, client, report, retry, status_of

MAX_BYTES = 256 << 20  # of a document, as on a disk
# Seconds in which the state of documents is not listed again: the index page asks for hundreds.
LISTING_SECONDS = 2.0


class Entry(NamedTuple):
    """An object as its bucket lists it."""

    name: str
    size: int
    modified_at: Any  # datetime


class ObjectStorage:
    """`Storage` in a bucket of S3, or of a server that speaks its protocol."""

    def read(self, path: Path, most: int = MAX_BYTES) -> bytes:
        """Return a document's bytes; a document of more bytes than `most` is refused."""
        return _get(_object(path), most)

    def read_end(self, path: Path, most: int) -> bytes:
        """Return the last bytes of a document, at most so many."""
        return _get(_object(path), most, Range=f"bytes=-{most}")

    def publish(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document unless it exists: of several publishers, the first one wins."""
        with _spooled(content) as body, report(_object(path), StorageError):
            _put(_object(path), body, IfNoneMatch="*")

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document, also where an earlier one exists."""
        with _spooled(content) as body, report(_object(path), StorageError):
            _put(_object(path), body)

    def exists(self, path: Path) -> bool:
        """Whether a document exists."""
        with report(_object(path), DocumentUnreadable):
            return _head(_object(path)) is not None

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder; none if there is no folder."""
        return [each.name for each in self.entries(folder)]

    def stamp(self, path: Path) -> str:
        """Return size and time of change of a document, ABSENT where there is none.

        Its folder is listed once, and within two seconds not again.
        """
        return self._listed(path.parent).get(path.name, ABSENT)

    def _listed(self, folder: Path) -> Mapping[str, str]:
        until, found = _listings.get(folder, (0.0, {}))
        if clock.monotonic() >= until:
            entries = self.entries(folder)
            found = {each.name: f"{each.size} {each.modified_at}" for each in entries}
            _listings[folder] = clock.monotonic() + LISTING_SECONDS, found
        return found

    def entries(self, folder: Path, delimiter: str = "/") -> Sequence[Entry]:
        """Return what a folder holds, in a request for each 1,000.

        Without a delimiter, this includes what the folders below it hold.
        """
        path = _object(folder)
        prefix = f"{path.key}/" if path.key else ""
        with report(path, DocumentUnreadable):
            listing = client().get_paginator("list_objects_v2")
            pages = listing.paginate(Bucket=path.bucket, Prefix=prefix, Delimiter=delimiter)
            objects = bounded(lambda: [each for page in pages for each in page.get("Contents", ())])
        names = [each["Key"].removeprefix(prefix) for each in objects]
        entries = zip(names, objects, strict=True)
        return [
            Entry(n, each["Size"], each["LastModified"])
            for n, each in entries
            if n and not n.endswith("/")
        ]

    def remove(self, path: Path, root: Path | None = None) -> None:
        """Remove a document; one that is gone already is no error."""
        _listings.pop(path.parent, None)
        with report(_object(path), StorageError):
            call("delete_object", _object(path))

    def walk(
        self, folder: Path, names: Collection[str] = (), skip: Skip | None = None
    ) -> Iterator[Path]:
        """Yield the documents below a folder, or below those of its folders."""
        for each in [folder / name for name in names] or [folder]:
            paths = (each / entry.name for entry in self.entries(each, delimiter=""))
            yield from (path for path in paths if not path.name.startswith("."))

    def is_folder(self, folder: Path) -> bool:
        """Whether there is a document below a folder."""
        path = _object(folder)
        options = {"Bucket": path.bucket, "Prefix": f"{path.key}/", "MaxKeys": 1}
        with report(path, DocumentUnreadable):
            found = bounded(lambda: client().list_objects_v2(**options))
        return "Contents" in found

    def remove_folder(self, folder: Path) -> None:
        """Do nothing: where no document is, no folder is."""

    def move(self, path: Path, target: Path, root: Path) -> None:
        """Move a document: copy it, and remove it once the copy is there."""
        content = self.read(path)
        self.publish(target, [content])
        if self.read(target) != content:
            raise StorageError(f"Cannot move {path}: {target} has other content; move that away.")
        self.remove(path)

    def as_file(self, path: Path, folder: Path) -> Path | None:
        """Return a copy of a document in a folder, with its time; None where there is none."""
        with report(_object(path), DocumentUnreadable):
            head = _head(_object(path))
        if head is None:
            return None
        modified_at = head["LastModified"].timestamp()
        descriptor, name = tempfile.mkstemp(dir=folder)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.read(path))
        os.utime(name, (modified_at, modified_at))
        return Path(name)

    def restore(self, path: Path, source: Path, modified_at: float, *, replaces: bool) -> bool:
        """Publish a file that was saved; return False where there is one already to be kept."""
        if not replaces and self.exists(path):
            return False
        (self.replace if replaces else self.publish)(path, [source.read_bytes()])
        return True


_listings: dict[Path, tuple[float, dict[str, str]]] = {}  # until when, and the stamp of each name


def _object(path: Path) -> ObjectPath:
    if not isinstance(path, ObjectPath):
        raise TypeError(f"{path} is no object of a bucket.")
    return path


def _head(path: ObjectPath) -> Any:
    """Return what the store knows of an object; None where there is none."""
    try:
        return call("head_object", path)
    except Exception as error:
        if status_of(error) != 404:
            raise
        return None


def _get(path: ObjectPath, most: int = MAX_BYTES, **options: str) -> bytes:
    """Return the body of an object; one that is cut is requested again, as botocore does not."""

    def request() -> bytes:
        try:
            answer = call("get_object", path, **options)
        except Exception as error:
            if status_of(error) == 416:  # there is no last byte of an empty object
                return b""
            raise
        with contextlib.closing(answer["Body"]) as body:
            return _read_whole(body, answer.get("ContentLength", 0), most)

    with report(path, DocumentUnreadable):
        return retry(request, lambda error: isinstance(error, _BodyCut))


class _BodyCut(StoreFault):
    """The body of an answer ended too early, or did not go on."""


def _read_whole(body: Any, length: int, most: int) -> bytes:
    """Return a body of that length, or of any where none is promised."""
    from botocore.exceptions import HTTPClientError, IncompleteReadError
    from urllib3.exceptions import HTTPError

    content = bytearray()
    try:
        # At the end, botocore compares the length with the one that was promised.
        while length <= most and (piece := body.read(1 << 20)):
            content += piece
            length = max(length, len(content))
    except (IncompleteReadError, HTTPClientError, HTTPError, OSError):
        raise _BodyCut("the store's answer is cut: run the same command again later") from None
    if length > most:
        raise StoreFault(f"it has {length:,} bytes, more than {most:,}")
    return bytes(content)


def _put(path: ObjectPath, body: Any, **condition: str) -> None:
    """Write an object by one request; another write at the same moment (409) is waited for."""
    _listings.pop(path.parent, None)
    digest = hashlib.md5(usedforsecurity=False)
    while piece := body.read(1 << 20):
        digest.update(piece)
    checksum = base64.b64encode(digest.digest()).decode()

    def request() -> None:
        body.seek(0)
        call("put_object", path, Body=body, ContentMD5=checksum, **condition)

    try:
        retry(request, lambda error: status_of(error) == 409)
    except Exception as error:
        # It exists: ours, whose answer was lost, or another one's. Some stores say so by 409.
        exists = status_of(error) == 412 or (status_of(error) == 409 and _head(path))
        if not (condition and exists):
            raise


@contextlib.contextmanager
def _spooled(content: Iterable[bytes]) -> Iterator[Any]:
    """Lend a document as a stream that can be sent again; a large one lies on the disk."""
    with tempfile.SpooledTemporaryFile(8 << 20) as stream:
        stream.writelines(content)
        stream.seek(0)
        yield stream
