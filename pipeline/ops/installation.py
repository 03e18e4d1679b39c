"""Where the schedule is installed on this host: a crontab or systemd timers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from pipeline.ops.roots import ROOTS

_CRONTABS = (Path("/etc/crontab"), Path("/etc/cron.d"))
_UNITS = (Path("/etc/systemd/system"), Path("/etc/systemd/user"))
_TIMERS = ("tmdb-daily.timer", "tmdb-weekly.timer")
"""The timers of config/systemd that start a root task."""

_OF_ROOTS = re.compile(rf"\b({'|'.join(ROOTS)})\b")
_SECONDS = 5.0


def schedules_installed() -> list[str]:
    """Return every place that starts a root task by the clock."""
    places = [str(path) for path in _files() if _OF_ROOTS.search(_jobs(_text(path)))]
    if _OF_ROOTS.search(_jobs(_crontab_of_this_user())):
        places.insert(0, "crontab of this user")
    return places + _timers()


def _files() -> list[Path]:
    return [path for place in _CRONTABS for path in (place, *sorted(place.glob("*")))]


def _crontab_of_this_user() -> str:
    crontab = shutil.which("crontab")
    if not crontab:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  no shell
            [crontab, "-l"], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout


def _timers() -> list[str]:
    """Return the enabled timers: systemd links them into the folder of their target."""
    folders = (*_UNITS, Path.home() / ".config/systemd/user")
    links = [each / "timers.target.wants" / timer for each in folders for timer in _TIMERS]
    return [f"systemd timer {link.stem}" for link in links if link.is_symlink() or link.exists()]


def _jobs(text: str) -> str:
    """Return the lines that are jobs."""
    lines = (line.strip() for line in text.splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("#"))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
