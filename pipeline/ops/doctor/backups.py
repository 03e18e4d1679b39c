"""The backups: how old the newest is, and whether it holds the task history."""

import datetime
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import DataError, StorageError
from pipeline.ops import settings as ops_settings
from pipeline.ops.doctor.examine import PROBLEM, Finding, finding
from pipeline.ops.doctor.machine import unusable
from pipeline.storage import archive, documents
from pipeline.storage.archive import Manifest

_MAKE_ONE = (
    "See the log of the nightly backup, then make one: `tmdb-pipeline backup`. Those in another "
    "folder (--to) are not looked at here."
)


def backups() -> Finding:
    """See how old the newest whole backup is, and whether it holds the task history."""
    layout = settings.current().layout
    where, damaged = layout.backups, ""
    if where.exists() and (problem := unusable(where)):
        return problem
    for path in reversed(archive.named(where)):
        try:
            return _judged(path, archive.read(path), damaged)
        except DataError:
            damaged = damaged or path.name
        except StorageError as error:
            return finding(str(error), f"See the owner of {path.name} and its disk.", PROBLEM)
    if damaged:
        return finding(f"no whole one in {where}; {damaged} is damaged", _MAKE_ONE)
    days = (clock.today() - datetime.timedelta(days=day) for day in range(3, 33))
    if any(documents.is_listed(layout.daily_summary(day)) for day in days):
        return finding(f"there is none in {where}", _MAKE_ONE)
    return finding(f"there is none yet in {where}")


def _judged(path: Path, newest: Manifest, damaged: str) -> Finding:
    rows, age = newest.history_rows, clock.now() - (archive.made_at(path) or clock.now())
    hours = age.total_seconds() / 3600
    holds_history = archive.HISTORY in newest.members
    found = f"{path.name}, {hours:.0f} h old, {'with' if holds_history else 'without'}"
    found += f" the task history of {rows['tasks']:,} tasks" if rows else " a task history"
    found += ", not rehearsed" if newest.history_rehearsed is False else ""
    found += f"; {damaged} is damaged" if damaged else ""
    is_kept = ops_settings.history_url() or archive.newest_with_history([path.parent])
    another = "`tmdb-pipeline backup`, with PIPELINE_HISTORY_URL set or --runtime compose."
    fixes = {
        f"Look at {damaged} and remove it.": bool(damaged),
        another: is_kept and not holds_history,
        _MAKE_ONE: hours > 48,  # two nights: a nightly backup has failed, or nothing makes one
        f"Rename {path.name}: its date is in the future and hides newer backups.": hours < -1,
    }
    return finding(found, " ".join(fix for fix, is_due in fixes.items() if is_due))
