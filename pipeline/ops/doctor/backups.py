"""The backups: how old the newest is, and whether it holds the task history."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import DataError, StorageError
from pipeline.ops import settings as ops_settings
from pipeline.ops.backup import archive, folder
from pipeline.ops.backup.archive import Manifest
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.paths import Layout

MAX_AGE = datetime.timedelta(hours=48)
"""Two nights: after this a nightly backup has failed, or nothing makes one."""

CLOCK_TOLERANCE = datetime.timedelta(hours=1)

_MAKE_ONE = (
    "See the log of the nightly backup, then make one: `tmdb-pipeline backup`. Those in another "
    "folder (--to) are not looked at here."
)


def backups() -> Finding:
    """See how old the newest whole backup is, and whether it holds the task history."""
    current = settings.current()
    where = Layout(current.data_dir).backups
    try:
        named = folder.named(where)
        path, newest, damaged = _newest(named)
        wanted = bool(ops_settings.history_url() or folder.newest_with_history([where]))
    except (OSError, StorageError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return Finding("backups", PROBLEM, f"{where} cannot be read: {why}", _give(where))
    if where.is_dir() and not os.access(where, os.W_OK | os.X_OK):
        found = f"{where} cannot be written by this user"
        return Finding("backups", PROBLEM, found, _give(where))
    if path is None or newest is None:
        return _none_yet(where, damaged)
    return _judged(path, newest, damaged, wanted=wanted)


def _newest(named: list[Path]) -> tuple[Path | None, Manifest | None, list[Path]]:
    """Return the newest whole backup, its manifest, and the damaged ones that are newer."""
    damaged: list[Path] = []
    for path in reversed(named):
        try:
            return path, archive.read(path), damaged
        except DataError:
            damaged.append(path)
    return None, None, damaged


def _none_yet(where: Path, damaged: list[Path]) -> Finding:
    if damaged:
        found = f"no whole one in {where}; {damaged[0].name} is damaged"
        return Finding("backups", WARNING, found, _MAKE_ONE)
    if _is_in_use():
        return Finding("backups", WARNING, f"there is none in {where}", _MAKE_ONE)
    return Finding("backups", OK, f"there is none yet in {where}")


def _judged(path: Path, newest: Manifest, damaged: list[Path], *, wanted: bool) -> Finding:
    age = clock.now() - (folder.made_at(path) or clock.now())
    found = f"{path.name}, {age.total_seconds() / 3600:.0f} h old, {_history(newest)}"
    fixes = []
    if damaged:
        found = f"{found}; {damaged[0].name} is damaged"
        fixes.append(f"Look at {damaged[0].name} and remove it.")
    if wanted and not newest.holds_history:
        fixes.append("`tmdb-pipeline backup`, with PIPELINE_HISTORY_URL set or --runtime compose.")
    if age > MAX_AGE:
        fixes.append(_MAKE_ONE)
    if age < -CLOCK_TOLERANCE:
        fixes.append(f"Rename {path.name}: its date is in the future and hides newer backups.")
    return Finding("backups", WARNING if fixes else OK, found, " ".join(fixes))


def _history(newest: Manifest) -> str:
    if not newest.holds_history:
        return "without a task history"
    rows = newest.history_rows
    content = f"with the task history of {rows['tasks']:,} tasks" if rows else "with a task history"
    return f"{content}, not rehearsed" if newest.history_rehearsed is False else content


def _give(where: Path) -> str:
    return f"Give it to the user who runs the pipeline: chown -R {os.geteuid()} {where}."


def _is_in_use() -> bool:
    """Return whether there are reports of longer ago than a backup may be old."""
    today = clock.today()
    layout = Layout(settings.current().data_dir)
    days = (today - datetime.timedelta(days=day) for day in range(3, 33))
    return any(layout.daily_summary(day).exists() for day in days)
