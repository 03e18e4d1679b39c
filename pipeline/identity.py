"""A data root has one identity: the source, language and region of everything collected there.

`root.json` states it from the first list on. Lists of another identity never lie beside these: they
would be compared with each other, summed up and merged.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline import settings
from pipeline.documents.collect import Identity, agree, identity_of
from pipeline.errors import DataError, DocumentUnreadable, OtherIdentity, StorageError
from pipeline.paths import Layout
from pipeline.storage import documents, local

_refuses = True


def refuse_other_identity() -> None:
    """Raise OtherIdentity for settings of another identity than that of the data root.

    A missing root.json is written where the lists agree with the settings.
    """
    if not _refuses:
        return
    if refusal := warning():
        raise OtherIdentity(refusal)
    with contextlib.suppress(StorageError):  # a list that cannot be written either says so
        write_if_missing(Layout(settings.current().data_dir))


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Refuse nothing within the block: commands that only read warn."""
    global _refuses
    _refuses = False
    try:
        yield
    finally:
        _refuses = True


def warning() -> str | None:
    """Return the sentence for settings of another identity than that of the data root, if any."""
    layout = Layout(settings.current().data_dir)
    return _refusal(layout, _wanted(layout))


def bound_identity(layout: Layout) -> Identity | None:
    """Return the identity of a data root: what root.json states, else its newest list."""
    return stated_in(_root_json(layout)) or _of_newest_list(layout)


def write_if_missing(layout: Layout, server: str | None = None) -> None:
    """Write a missing or damaged root.json where the lists say what it has to be."""
    if stated_in(_root_json(layout)) is None and (bound := _of_newest_list(layout)):
        address = {"api_url": server} if server and bound.source == "demo" else {}
        text = json.dumps(bound._asdict() | address, indent=2)
        documents.replace(layout.identity, f"{text}\n")


def publish_list(
    layout: Layout, path: Path, document: documents.Document, server: str | None
) -> None:
    """Publish a list that a server sent, or raise OtherIdentity.

    Of two first runs with different settings, one binds the root; the other publishes nothing.
    """
    with local.exclusive(layout.collected, path):
        if refusal := _refusal(layout, identity_of(document["collection_info"])):
            raise OtherIdentity(refusal)
        documents.publish(path, document)
        write_if_missing(layout, server)


def refuse_foreign(path: Path, info: Any) -> None:
    """Refuse a document of another identity, as an earlier version may have left one."""
    if not is_ours(info):
        raise DataError(
            f"{path} is of {identity_of(info)}, and this data root of {_in_force()}; they must not "
            "be mixed: move that file away and run the same command again.",
            path=str(path),
        )


def is_ours(document: Any) -> bool:
    """Whether a document is of the data root's identity, in all that it states."""
    return agree(identity_of(document), _in_force())


def stated_in(document: Any) -> Identity | None:
    """Return the identity that a root.json states; None where one of its fields is missing."""
    identity = identity_of(document)
    return None if None in identity else identity


def _root_json(layout: Layout) -> documents.Document:
    try:
        return documents.read(layout.identity)
    except DocumentUnreadable:
        return {}


def _of_newest_list(layout: Layout) -> Identity | None:
    folders = layout.list_folders
    lists = [folder / name for folder in folders for name in documents.STORAGE.list(folder)]
    newest = sorted(lists, key=lambda path: path.stem[-8:], reverse=True)
    return next(filter(None, (stated_in(documents.read_info(path)) for path in newest)), None)


def _in_force() -> Identity:
    layout = Layout(settings.current().data_dir)
    return stated_in(_root_json(layout)) or _wanted(layout)


def _wanted(layout: Layout) -> Identity:
    """Return the identity that the settings ask for; without a key, the source is not known.

    A demo server in the place of TMDB makes a demo root, whatever the key.
    """
    now, source = settings.current(), None
    if now.credential is not None:
        is_demo = now.credential.is_demo or _root_json(layout).get("api_url") == now.api_url
        source = "demo" if is_demo else "tmdb"
    return Identity(source, now.language, now.region)


def _refusal(layout: Layout, wanted: Identity) -> str | None:
    bound = bound_identity(layout)
    if bound is None or agree(bound, wanted):
        return None
    key = "demo" if bound.source == "demo" else "a key of TMDB"
    return (
        f"The data root {layout.root} belongs to {bound}, and the settings ask for {wanted}: set "
        f"PIPELINE_DATA_DIR to another folder, or TMDB_LANGUAGE={bound.language}, "
        f"TMDB_REGION={bound.region} and TMDB_API_KEY={key} to go on with this one."
    )
