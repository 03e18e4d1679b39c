"""Find what is older than a limit, by what each document says of itself, never by mtime.

A list goes by its own `collected_at`. What was made of lists goes with the oldest one of its date
and of the days before whose movies it can name; an export names those of its own date only. Other
files go by the dates in their names.
"""

import contextlib
import datetime
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from pipeline import clock
from pipeline.paths import Layout, dates_in
from pipeline.retention import deleted
from pipeline.retention.deleted import Key
from pipeline.roots import ALIASES, ROOTS, TRENDS_SHOW_DAYS
from pipeline.storage import archive, documents

LIST, DERIVED, EVIDENCE, BACKUP = "list", "report or page", "rejected or superseded", "backup"
EXPORT = "export"
KINDS = (LIST, DERIVED, EXPORT, EVIDENCE, BACKUP)

_FOLDERS = ("raw", "processed", "reports", "exports", "rejected", "superseded")
_BACKUPS = ("backups",)
_LIST_FOLDERS = {"daily": ("daily", "trending"), "weekly": ("genre", "weekly")}
_PARQUET = ".parquet"
_MAX_DAYS_SHOWN = max(root.page_shows_days for root in ROOTS.values())
_DAY = datetime.timedelta(days=1)


class Item(NamedTuple):
    """A file, when its oldest data were collected, and the root task and date that it is of."""

    kind: str
    path: Path
    at: datetime.datetime
    key: Key | None = None


@dataclass
class Result:
    """What is to be deleted, or was, in that order; what was not, and why."""

    older_than_days: int | None = None  # None where all may be kept
    deleted: bool = False
    files: list[Item] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    history_rows: int | None = None
    warehouse_rows: int | None = None
    deletes_from_at: str | None = None
    warning: str = ""
    problem: str | None = None


def find(layout: Layout, days: int | None) -> Result:
    """Return every file below the data root whose oldest data are older than that.

    They come in the order in which they have to go: pages, what else was made of lists, then the
    lists. As long as these are there, all that goes with them is found.
    """
    found = Result(days)
    if days is None:
        return found
    files, before = list(_files(layout, found.left)), clock.now() - days * _DAY
    lists = {path: collected_at(path) for path in files if path.parent in layout.list_folders}
    keys = {path: key for path in files if (key := _key_of(layout, path))}
    collected = {key: clock.midnight(key[1]) for key in deleted.dates(layout)}
    collected |= _oldest_lists(lists, keys)
    for path in files:
        if path in lists:
            kind, at = LIST, lists[path]
        elif path in keys:
            kind = EXPORT if path.suffix == _PARQUET else DERIVED
            at = _oldest_named(layout, path, keys[path], collected)
        elif any(path.is_relative_to(folder) for folder in layout.evidence_folders):
            kind, at = EVIDENCE, collected_at(path) or _named_at(layout, path)
        elif path.parent == layout.backups and archive.made_at(path):
            kind, at = BACKUP, _named_at(layout, path)
        else:
            continue
        if at is None:
            name = layout.relative(path)
            why = "states no time of collection that can be read"
            found.left.append(f"{name} {why}: look at it, and delete it if it is damaged.")
        elif at < before:
            found.files.append(Item(kind, path, at, keys.get(path)))
    made = (DERIVED, EXPORT)
    found.files.sort(key=lambda item: (item.kind not in made, item.path.suffix != ".html"))
    return found


def collected_at(path: Path) -> datetime.datetime | None:
    """Return when a list was collected by its own words; None where it does not say so."""
    info = documents.read_info(path) if path.suffix == ".json" else None
    with contextlib.suppress(LookupError, TypeError, ValueError):
        at = datetime.datetime.fromisoformat((info or {})["collected_at"])
        return at if at.tzinfo else None
    return None


def _files(layout: Layout, left: list[str]) -> Iterator[Path]:
    """Yield the files of the data root's folders; note links, which are not followed."""

    def note(path: Path, why: str) -> None:
        left.append(f"{layout.relative(path)} {why}")

    yield from documents.walk(layout.root, _FOLDERS, note)
    yield from documents.walk(layout.work, _BACKUPS, note)


def _key_of(layout: Layout, path: Path) -> Key | None:
    """Return the root task and the date that a list, document or page is of; None for others."""
    for day in dates_in(layout.relative(path))[-1:]:
        for root in ROOTS.values():
            is_list = path.parent.name in _LIST_FOLDERS[root.alias]
            made = (root.report, root.document, root.page, root.export)
            is_made = path in (path_for(layout, day) for path_for in made)
            if is_made or (is_list and path.parent in layout.list_folders):
                return root.family, day
        if path == layout.trends_page(day):
            return ALIASES["weekly"], day
    return None


def _oldest_lists(
    lists: Mapping[Path, datetime.datetime | None], keys: Mapping[Path, Key]
) -> dict[Key, datetime.datetime]:
    """Return when the oldest list of each date was collected, its midnight where none says so."""
    found: dict[Key, datetime.datetime] = {}
    for path in lists.keys() & keys.keys():
        key = keys[path]
        at = lists[path] or clock.midnight(key[1])
        found[key] = min(at, found.get(key, at))
    return found


def _oldest_named(
    layout: Layout, path: Path, key: Key, collected: Mapping[Key, datetime.datetime]
) -> datetime.datetime:
    """Return when the oldest list was collected whose movies a file made of lists can name."""
    families, days_shown = [key[0]], ROOTS[key[0]].page_shows_days
    if path == layout.trends_page(key[1]):
        families, days_shown = [*ROOTS], TRENDS_SHOW_DAYS
    named = itertools.product(families, _days_named(layout.relative(path), days_shown))
    ages = [collected[each] for each in named if each in collected]
    return min(ages, default=clock.midnight(key[1]))


def _named_at(layout: Layout, path: Path) -> datetime.datetime | None:
    """Return the first day whose movies a file, or a backup's members, can name."""
    manifest = archive.read_manifest(path) if path.parent == layout.backups else None
    names = (layout.relative(path), *(manifest.members if manifest else ()))
    days = (day for name in names for day in _days_named(name, _MAX_DAYS_SHOWN))
    return min(map(clock.midnight, days), default=None)


def _days_named(name: str, days_shown: int) -> Iterator[datetime.date]:
    """Yield the days whose movies a file can name: a document also the day before, a page more.

    An export has those of its own day only.
    """
    number = {".html": days_shown, _PARQUET: 0}.get(Path(name).suffix, 1)
    return (day - back * _DAY for day in dates_in(name) for back in range(number + 1))
