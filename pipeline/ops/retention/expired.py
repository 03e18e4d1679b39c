"""Find what is older than a limit, by what each document says of itself, never by mtime.

A list goes by its own `collected_at`. What was made of lists goes with the oldest one that it
states, or by its date where that list is gone already, as after a prune that was interrupted.
"""

import contextlib
import datetime
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import msgspec

from pipeline import clock
from pipeline.errors import PipelineError
from pipeline.ops.backup import archive
from pipeline.ops.roots import ALIASES, ROOTS
from pipeline.paths import Layout
from pipeline.storage import documents

LIST, DERIVED, EVIDENCE, BACKUP = "list", "report or page", "rejected or superseded", "backup"
_FOLDERS = ("raw", "processed", "reports", "rejected", "superseded", "backups")
_DAYS_SHOWN = {family: root.page_shows_days for family, root in ROOTS.items()}
_DAY = datetime.timedelta(days=1)

Key = tuple[str, datetime.date]  # root task and date


class Item(NamedTuple):
    """A file that goes: since when its oldest data were kept, and the root task and date it is of.

    Only what was made of a date has a date.
    """

    kind: str
    path: Path
    at: datetime.datetime
    task: str | None = None
    date: datetime.date | None = None


@dataclass
class Found:
    """What is older than the limit, and what was left alone and why."""

    items: list[Item] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


class _Source(msgspec.Struct, frozen=True):
    file: str


class _Week(msgspec.Struct, frozen=True):
    sources_processed: list[str] = []


class _Changes(msgspec.Struct, frozen=True):
    since: datetime.date | None = None


class _Execution(msgspec.Struct, frozen=True):
    start_time: datetime.datetime | None = None


class Check(msgspec.Struct, frozen=True):
    """A check result of a validation report, without its evidence."""

    id: str
    success: bool
    severity: str


class Derived(msgspec.Struct, frozen=True):
    """What is needed of a report, a summary or a week: its sources and its scores."""

    files_validated: list[_Source] = []
    quality_summary: "Derived | None" = None
    consolidation_info: _Week = _Week()
    changes: dict[str, _Changes] = {}
    execution_summary: _Execution = _Execution()
    verdict: str | None = None
    overall_quality_score: float | None = None
    checks: list[Check] = []


def read_derived(path: Path) -> Derived:
    """Return what a document states; nothing where it cannot be read."""
    with contextlib.suppress(PipelineError, msgspec.MsgspecError, RecursionError):
        return msgspec.json.decode(documents.storage_of(path).read(path), type=Derived)
    return Derived()


def find(layout: Layout, before: datetime.datetime) -> Found:
    """Return every file below the data root whose oldest data were collected before an instant."""
    found = Found()
    files = list(_files(layout, found))
    lists = {path: collected_at(path) for path in files if path.parent in layout.list_folders}
    for path, at in lists.items():
        if at is None:
            name = layout.relative(path)
            found.left.append(f"{name} states no time of collection: look at it and delete it.")
        elif at < before:
            alias = "weekly" if path.parent.name in ("genre", "weekly") else "daily"
            found.items.append(Item(LIST, path, at, ALIASES[alias]))
    found.items += _derived(layout, files, lists, before)
    for path in files:
        if path.is_relative_to(layout.backups):
            at = _backed_up_at(path)
        elif any(path.is_relative_to(folder) for folder in layout.evidence_folders):
            at = collected_at(path) or _named_at(path)
            if at is None:
                found.left.append(f"{layout.relative(path)} has no date: look at it and delete it.")
        else:
            continue
        if at and at < before:
            kind = BACKUP if path.is_relative_to(layout.backups) else EVIDENCE
            found.items.append(Item(kind, path, at))
    return found


def collected_at(path: Path) -> datetime.datetime | None:
    """Return when a list was collected by its own words; None where it does not say so."""
    info = documents.read_info(path) if path.suffix == ".json" else None
    with contextlib.suppress(LookupError, TypeError, ValueError):
        at = datetime.datetime.fromisoformat((info or {})["collected_at"])
        return at if at.tzinfo else None
    return None


def oldest(layout: Layout) -> datetime.datetime | None:
    """Return when the oldest list was collected that can be read; None where there is none."""
    paths = (path for folder in layout.list_folders for path in folder.glob("*.json"))
    return min(filter(None, map(collected_at, paths)), default=None)


def dates_in(name: str) -> list[datetime.date]:
    """Return the days that stand in a file's name as YYYYMMDD."""
    days = []
    for digits in re.findall(r"(?<!\d)\d{8}(?!\d)", name):
        with contextlib.suppress(ValueError):
            days.append(datetime.datetime.strptime(digits, "%Y%m%d").date())
    return days


def _files(layout: Layout, found: Found) -> Iterator[Path]:
    """Yield the files of the data root's folders; note links, which are not followed."""

    def note(error: OSError) -> None:
        found.left.append(f"{error.filename} cannot be read: correct its owner or permissions.")

    top = layout.root.resolve()
    onerror = note if top.is_dir() else None
    for parent, folders, names in os.walk(top, onerror=onerror):
        if Path(parent) == top:
            folders[:] = [name for name in folders if name in _FOLDERS]
            names = []
        for name in [*folders, *names]:
            path = layout.root / Path(parent, name).relative_to(top)
            if os.path.islink(path):
                found.left.append(f"{layout.relative(path)} is a symbolic link: left alone.")
            elif name in names and not name.startswith("."):
                yield path


def _derived(
    layout: Layout, files: list[Path], lists: Mapping[Path, datetime.datetime | None],
    before: datetime.datetime,
) -> Iterator[Item]:  # fmt: skip
    """Yield what was made of lists that have expired, a root task's date with all its documents."""
    groups: dict[Key, list[Path]] = {}
    for path, root in ((path, root) for path in files for root in ROOTS.values()):
        for day in dates_in(path.stem)[-1:]:
            if path in (each(layout, day) for each in (root.page, root.document, root.report)):
                groups.setdefault((root.family, day), []).append(path)
    ages = {key: _age(layout, key[1], paths, lists) for key, paths in groups.items()}
    gone = {key for key, at in ages.items() if at < before}
    for (task, day), paths in sorted(groups.items()):
        shown = (day - number * _DAY for number in range(1, _DAYS_SHOWN[task] + 1))
        names_gone = any((task, each) in gone for each in shown)
        at = ages[task, day]
        for path in paths:
            if at < before or (names_gone and path.suffix == ".html"):
                yield Item(DERIVED, path, min(at, before), task, day)


def _age(
    layout: Layout, day: datetime.date, paths: list[Path],
    lists: Mapping[Path, datetime.datetime | None],
) -> datetime.datetime:  # fmt: skip
    """Return when the oldest list was collected that the documents of a date were made of."""
    stated = [read_derived(path) for path in paths if path.suffix == ".json"]
    began = [each.execution_summary.start_time for each in stated]
    own = min((at for at in began if at and at.tzinfo), default=clock.midnight(day))
    ages = []
    for each in stated:
        validated = (each.quality_summary or each).files_validated
        names = {source.file for source in validated} | {*each.consolidation_info.sources_processed}
        sources = {layout.root / name for name in names}
        ages += [lists.get(path) or own for path in sources]
        for since in {change.since for change in each.changes.values() if change.since}:
            earlier = (p.with_name(f"{p.stem[:-8]}{since:%Y%m%d}{p.suffix}") for p in sources)
            known = [at for path in earlier if (at := lists.get(path))]
            ages += known or [clock.midnight(since)]
    return min(ages, default=own)


def _named_at(path: Path) -> datetime.datetime | None:
    """Return the earliest day of the movies that a document or page names, by its file's name."""
    if not (days := dates_in(path.name.replace("T", " "))):
        return None
    is_list = path.suffix == ".json" and not re.match(
        r"(weekly_)?validation|daily_summary", path.name
    )
    shown = 0 if is_list else max(_DAYS_SHOWN.values()) if path.suffix == ".html" else 1
    return clock.midnight(min(days) - shown * _DAY)


def _backed_up_at(path: Path) -> datetime.datetime | None:
    """Return the age of a backup: of its oldest report, which can name movies of the day before."""
    if (made_at := archive.made_at(path)) is None:
        return None  # a file of another name is none of ours
    manifest = archive.read_manifest(path)
    days = [day for name in (manifest.members if manifest else ()) for day in dates_in(name)]
    return min([made_at, *(clock.midnight(day - _DAY) for day in days)])
