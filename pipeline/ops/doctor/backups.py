"""The backups: how old the newest is, and whether it holds the task history."""

import datetime
import os
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import DataError, StorageError
from pipeline.ops import settings as ops_settings
from pipeline.ops.backup import archive, folder
from pipeline.ops.backup.archive import Manifest
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.doctor.machine import adopt
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
    layout = Layout(settings.current().data_dir)
    where, damaged = layout.backups, ""
    try:
        for path in reversed(folder.named(where)):
            try:
                return _judged(path, archive.read(path), damaged)
            except DataError:
                damaged = damaged or path.name
    except (OSError, StorageError) as error:
        why = getattr(error, "strerror", None) or str(error)
        return Finding(PROBLEM, f"{where} cannot be read: {why}", adopt(where))
    if damaged:
        return Finding(WARNING, f"no whole one in {where}; {damaged} is damaged", _MAKE_ONE)
    days = (clock.today() - datetime.timedelta(days=day) for day in range(3, 33))
    if any(layout.daily_summary(day).exists() for day in days):
        return Finding(WARNING, f"there is none in {where}", _MAKE_ONE)
    return Finding(OK, f"there is none yet in {where}")


def _judged(path: Path, newest: Manifest, damaged: str) -> Finding:
    """Judge the newest whole backup; the newest of all is damaged if it is another one."""
    where, fixes, rows = path.parent, [], newest.history_rows
    if not os.access(where, os.W_OK | os.X_OK):
        return Finding(PROBLEM, f"{where} cannot be written by this user", adopt(where))
    age = clock.now() - (folder.made_at(path) or clock.now())
    found = f"{path.name}, {age.total_seconds() / 3600:.0f} h old, "
    found += "with" if newest.holds_history else "without"
    found += f" the task history of {rows['tasks']:,} tasks" if rows else " a task history"
    if newest.history_rehearsed is False:
        found += ", not rehearsed"
    if damaged:
        found += f"; {damaged} is damaged"
        fixes.append(f"Look at {damaged} and remove it.")
    is_kept = ops_settings.history_url() or folder.newest_with_history([where])
    if is_kept and not newest.holds_history:
        fixes.append("`tmdb-pipeline backup`, with PIPELINE_HISTORY_URL set or --runtime compose.")
    if age > MAX_AGE:
        fixes.append(_MAKE_ONE)
    if age < -CLOCK_TOLERANCE:
        fixes.append(f"Rename {path.name}: its date is in the future and hides newer backups.")
    return Finding(WARNING if fixes else OK, found, " ".join(fixes))
