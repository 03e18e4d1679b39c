"""A data root has one identity: the source, language and region of everything collected there.

`root.json` holds it from the first list on. Lists of another identity never come to lie beside it:
they would be compared with each other, summed up and merged, and nothing would say so.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pipeline import settings, storage
from pipeline.documents import json_text
from pipeline.documents.collect import Identity, agree, identity_of
from pipeline.errors import DataError, DocumentUnreadable, OtherIdentity, StorageError
from pipeline.paths import Layout
from pipeline.settings import Settings
from pipeline.storage import bounded, documents

_NEWEST_LISTS = 10
"""Lists of each kind that are tried where root.json has to be rebuilt."""

_DATED = re.compile(r"\w+_(\d{8})\.json")


def refuse_other_identity() -> None:
    """Refuse to go on under settings of another identity than that of the data root.

    Called before anything is requested or written. A missing or damaged root.json is rebuilt where
    the lists agree with the settings.

    Raises:
        OtherIdentity: source, language or region differ.
    """
    if _Reading.under_way:
        return
    now = settings.current()
    layout = Layout(now.data_dir)
    stated, wanted = _stated(layout), _wanted(now)
    if stated is not None and agree(stated, wanted):
        return
    bound = bound_identity(layout)
    if bound is None:
        return
    if not agree(bound, wanted):
        raise OtherIdentity(_refusal(layout, bound, wanted))
    with contextlib.suppress(StorageError):  # the lists say it, too, and a list says what fails
        write_if_missing(layout)


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Refuse nothing within the block: who only reads is warned."""
    before, _Reading.under_way = _Reading.under_way, True
    try:
        yield
    finally:
        _Reading.under_way = before


def warning() -> str | None:
    """Return the sentence for settings of another identity than that of the data root, if any."""
    now = settings.current()
    layout = Layout(now.data_dir)
    stated, wanted = _stated(layout), _wanted(now)
    if stated is not None and agree(stated, wanted):
        return None
    bound = bound_identity(layout)
    return None if bound is None or agree(bound, wanted) else _refusal(layout, bound, wanted)


def write_if_missing(layout: Layout) -> None:
    """Write a missing or damaged root.json where the lists say what it has to be.

    Raises:
        StorageError: as `documents.publish`.
    """
    bound = bound_identity(layout) if _stated(layout) is None else None
    if bound is not None:
        with storage.exclusive(layout.collected, layout.identity):
            documents.replace(layout.identity, _text(bound))


def refuse_foreign_backup(layout: Layout, root_json: bytes) -> None:
    """Refuse to restore what belongs to another identity than the data root.

    Args:
        layout: the data root that is restored into.
        root_json: the backup's `root.json`.

    Raises:
        OtherIdentity: they differ.
        DataError: the backup's `root.json` is damaged.
    """
    theirs, bound = _parsed(root_json), bound_identity(layout)
    if theirs is None:
        raise DataError("The root.json of the backup is damaged; choose another backup.")
    if bound is not None and not agree(bound, theirs):
        raise OtherIdentity(
            f"{layout.root} belongs to {bound} and the backup to {theirs}: set PIPELINE_DATA_DIR "
            "to another folder and restore it there."
        )


def publish_list(
    layout: Layout, path: Path, document: documents.Document, server: str | None
) -> None:
    """Publish a list, and the identity of the data root where it is the first one.

    Of two first runs with different settings, one binds the root; the other publishes nothing.

    Args:
        layout: the data root.
        path: where the list goes.
        document: the list.
        server: the address that it was requested from; None for the embedded catalogue.

    Raises:
        OtherIdentity: the data root belongs to another source, language or region.
        StorageError: as `documents.publish`.
    """
    own = identity_of(document["collection_info"])
    if _stated(layout) == own:
        documents.publish(path, document)
        return
    with storage.exclusive(layout.collected, path):
        bound = bound_identity(layout)
        if bound is not None and not agree(bound, own):
            raise OtherIdentity(_refusal(layout, bound, own))
        documents.replace(layout.identity, _text(own, server))
        documents.publish(path, document)


def bound_identity(layout: Layout) -> Identity | None:
    """Return the identity of a data root; None for a root without documents, which has none."""
    stated = _stated(layout)
    if stated is not None:
        return stated if _has_documents(layout) else None
    return _rebuilt(layout)


def in_force() -> Identity:
    """Return the identity that documents must have: the root's, or that of the settings."""
    now = settings.current()
    return _stated(Layout(now.data_dir)) or _wanted(now)


def refuse_foreign(path: Path, info: Any) -> None:
    """Refuse a document of another identity, as an earlier version may have left one.

    Raises:
        DataError: it must not be mixed with the others.
    """
    own, wanted = identity_of(info), in_force()
    if not agree(own, wanted):
        raise DataError(
            f"{path} is of {own}, and this data root of {wanted}; they must not be mixed: move "
            "that file away and run the same command again.",
            path=str(path),
        )


def is_ours(layout: Layout, report: documents.Document, day: Any) -> bool:
    """Whether a report is of the identity in force; one of an older version is judged by its lists.

    A report whose lists are gone and that says nothing of them counts as ours.
    """
    own, wanted = identity_of(report), in_force()
    if not agree(own, wanted):
        return False
    names = report.get("profiles")
    if own.language or not isinstance(names, dict):
        return True
    infos = (documents.read_info(layout.list_of(name, day)) for name in names if _is_word(name))
    return all(agree(identity_of(info), wanted) for info in infos if info is not None)


def foreign_lists(layout: Layout) -> int:
    """Return how many lists of the data root are of another identity than the root."""
    bound = bound_identity(layout)
    if bound is None:
        return 0
    infos = (
        documents.read_info(path) for folder in layout.list_folders for path in _lists_in(folder)
    )
    return sum(not agree(identity_of(info), bound) for info in infos if info is not None)


class _Reading:
    under_way = False


def _wanted(now: Settings) -> Identity:
    """Return the identity that the settings ask for; without a key the source is not known.

    A demo server in the place of TMDB makes a demo root, whatever the key.
    """
    source = None
    if now.credential is not None:
        is_demo = now.credential.is_demo or _served_from(Layout(now.data_dir)) == now.api_url
        source = "demo" if is_demo else "tmdb"
    return Identity(source, now.language, now.region)


def _refusal(layout: Layout, bound: Identity, wanted: Identity) -> str:
    ways = []
    if bound.source != wanted.source and wanted.source is not None:
        ways.append(
            "TMDB_API_KEY=demo" if bound.source == "demo" else "TMDB_API_KEY to a key of TMDB"
        )
    if bound.language != wanted.language:
        ways.append(f"TMDB_LANGUAGE={bound.language}")
    if bound.region != wanted.region:
        ways.append(f"TMDB_REGION={bound.region}")
    return (
        f"The data root {layout.root} belongs to {bound}, and the settings ask for {wanted}: set "
        f"PIPELINE_DATA_DIR to another folder, or {' and '.join(ways)} to go on with this one."
    )


def _text(identity: Identity, api_url: str | None = None) -> str:
    fields: dict[str, Any] = dict(identity._asdict())
    if identity.source == "demo" and api_url is not None:
        fields["api_url"] = api_url
    return documents.encode(fields).decode()


def _stated(layout: Layout) -> Identity | None:
    """Return what root.json says; None where it is missing or damaged."""
    return _parsed(_content(layout))


def _served_from(layout: Layout) -> str | None:
    """Return the address of the demo server that a demo root was collected from."""
    return _fields(_content(layout)).get("api_url")


def _content(layout: Layout) -> bytes:
    path = layout.identity
    try:
        status = os.stat(path)
        return _read(path, (status.st_ino, status.st_size, status.st_mtime_ns))
    except OSError:
        return b""


@functools.lru_cache(maxsize=8)
def _read(path: Path, stamp: tuple[int, ...]) -> bytes:
    """Read root.json once in a process; `stamp` changes when the file does."""
    return bounded.read(path)


@functools.lru_cache(maxsize=8)
def _parsed(text: bytes) -> Identity | None:
    identity = identity_of(_fields(text))
    return identity if None not in identity else None


def _fields(text: bytes) -> dict[str, Any]:
    try:
        fields = json_text.decode(text) if text else {}
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _rebuilt(layout: Layout) -> Identity | None:
    """Return the identity of the list that was collected last, of the newest of each kind."""
    newest = [info for folder in layout.list_folders if (info := _newest_info(folder))]
    last = max(newest, key=lambda info: str(info.get("collected_at")), default=None)
    return None if last is None else identity_of(last)


def _newest_info(folder: Path) -> dict[str, Any] | None:
    newest = sorted(_lists_in(folder), key=_date_in, reverse=True)[:_NEWEST_LISTS]
    infos = (documents.read_info(path) for path in newest)
    return next((info for info in infos if info and None not in identity_of(info)), None)


def _lists_in(folder: Path) -> Iterable[Path]:
    try:
        names = documents.STORAGE.list(folder)
    except DocumentUnreadable:
        return []
    return [folder / name for name in names if _DATED.fullmatch(name)]


def _date_in(path: Path) -> str:
    return path.stem[-8:]


def _has_documents(layout: Layout) -> bool:
    return any(_lists_in(folder) for folder in layout.document_folders)


def _is_word(name: object) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[a-z0-9_]{1,40}", name) is not None
