"""A data root has one identity: the source, language and region of everything collected there.

`root.json` states it from the first list on. Lists of another identity never lie beside these: they
would be compared with each other, summed up and merged.
"""

from __future__ import annotations

import contextlib
import functools
import json
from pathlib import Path
from typing import Any

from pipeline import settings
from pipeline.documents.collect import Identity, agree, identity_of
from pipeline.errors import DataError, DocumentUnreadable, OtherIdentity, StorageError
from pipeline.paths import Layout
from pipeline.storage import documents, local
from pipeline.storage.documents import storage_of

_refuses = True


def refuse_other_identity() -> None:
    """Raise OtherIdentity for other settings than the data root's; write a missing root.json."""
    if not _refuses:
        return
    layout = settings.current().layout
    stated = stated_in(_root_json(layout))
    bound = stated or _of_newest_list(layout)
    if refusal := _refusal(layout, bound, _wanted()):
        raise OtherIdentity(refusal)
    if bound and not stated:
        with contextlib.suppress(StorageError):  # a list that cannot be written either says so
            _write(layout, bound)


def only_read() -> None:
    """Refuse nothing from now on, for a command that only reads: it warns."""
    global _refuses
    _refuses = False


def warning(wanted: Identity | None = None) -> str | None:
    """Return the sentence for another identity than the data root's; by default, the settings'."""
    layout = settings.current().layout
    return _refusal(layout, bound_identity(layout), wanted or _wanted())


def _refusal(layout: Layout, bound: Identity | None, wanted: Identity) -> str | None:
    if bound is None or agree(bound, wanted):
        return None
    key = "demo" if bound.source == "demo" else "a key of TMDB"
    return (
        f"The data root {layout.root} belongs to {bound}, and the settings ask for {wanted}: set "
        f"PIPELINE_DATA_DIR to another folder, or TMDB_LANGUAGE={bound.language}, "
        f"TMDB_REGION={bound.region} and TMDB_API_KEY={key} to go on with this one."
    )


def bound_identity(layout: Layout) -> Identity | None:
    """Return the identity of a data root: what root.json states, else its newest list."""
    return stated_in(_root_json(layout)) or _of_newest_list(layout)


def source_of(layout: Layout) -> str | None:
    """Return the source of a data root; of one without a list, what the settings ask for."""
    return (bound_identity(layout) or _wanted()).source


def write_if_missing(layout: Layout, first: Identity | None = None) -> None:
    """Write a missing or damaged root.json by what the newest list says, or the first one."""
    if stated_in(_root_json(layout)) is None and (bound := _of_newest_list(layout) or first):
        _write(layout, bound)


def _write(layout: Layout, bound: Identity) -> None:
    """Create root.json, of which the first one stays, or replace a damaged one."""
    now = settings.current()
    is_server = bound.source == "demo" and now.credential and not now.credential.is_demo
    fields = bound._asdict() | ({"api_url": now.api_url} if is_server else {})
    text = f"{json.dumps(fields, indent=2)}\n"
    storage_of(layout.root).publish(layout.identity, [text.encode()])
    if stated_in(_root_json(layout)) is None:  # it exists and is damaged
        documents.replace(layout.identity, text)


def publish_list(layout: Layout, path: Path, document: documents.Document) -> None:
    """Publish a list, or raise OtherIdentity: of two first runs, one binds the root.

    The root.json comes first, because the lock is of this machine only: of two hosts of a bucket,
    the one that creates that object binds it.
    """
    own = identity_of(document["collection_info"])
    with local.exclusive(layout.identity_lock, path):
        write_if_missing(layout, own)
        if refusal := warning(own):
            raise OtherIdentity(refusal)
        documents.publish(path, document)


def refuse_foreign(path: Path, info: Any) -> None:
    """Refuse a document of another identity, as an earlier version may have left one."""
    if not is_ours(info):
        raise DataError(
            f"{path} is of {identity_of(info)}, and its data root is not: move that file away and "
            "run the same command again."
        )


def is_ours(document: Any) -> bool:
    """Whether a document is of the data root's identity, in all that it states."""
    layout = settings.current().layout
    return agree(identity_of(document), stated_in(_root_json(layout)) or _wanted())


def stated_in(document: Any) -> Identity | None:
    """Return the identity that a root.json states; None where one of its fields is missing."""
    identity = identity_of(document)
    return None if None in identity else identity


def _root_json(layout: Layout) -> documents.Document:
    """Return what root.json holds; an empty document if it is missing or damaged."""
    return _read_root_json(layout.identity, documents.stamp(layout.identity))


@functools.lru_cache(maxsize=8)
def _read_root_json(path: Path, _stamp: str) -> documents.Document:
    """Return what the file holds; read again when it has changed."""
    try:
        return documents.read(path)
    except DocumentUnreadable:
        return {}


def _of_newest_list(layout: Layout) -> Identity | None:
    """Return the identity that the newest list states, if there is one and it can be read."""
    lists: list[Path] = []
    with contextlib.suppress(DocumentUnreadable):  # no list can be published there either
        for each in layout.list_folders:
            lists += [each / name for name in documents.names_in(each)]
    newest = sorted(lists, key=lambda path: path.stem[-8:], reverse=True)
    return next(filter(None, (stated_in(documents.read_info(path)) for path in newest)), None)


def _wanted() -> Identity:
    """Return the identity that the settings ask for; without a key, the source is not known."""
    now = settings.current()
    # A demo server in the place of TMDB makes a demo root, whatever the key.
    is_server = _root_json(now.layout).get("api_url") == now.api_url
    is_demo = is_server or (now.credential is not None and now.credential.is_demo)
    source = None if now.credential is None else "demo" if is_demo else "tmdb"
    return Identity(source, now.language, now.region)
