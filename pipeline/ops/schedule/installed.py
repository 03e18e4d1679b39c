"""Find the schedules installed on this host: crontabs and timers that start root tasks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import clock
from pipeline.ops.roots import ROOTS
from pipeline.ops.schedule import times as schedule
from pipeline.ops.schedule.times import Schedule, TimerSchedule
from pipeline.storage import local

WRAPPER = "tmdb-scheduled"
CATCH_UP = "catch-up"

_OTHER_JOBS = ("backup", "watch")
"""Timers beside those of the root tasks and of the catch-up."""

_CRONTABS = (Path("/etc/crontab"), Path("/etc/cron.d"))
_UNITS = (Path("/etc/systemd/system"), Path("/etc/systemd/user"))
_OURS = re.compile(
    rf"\b({'|'.join(ROOTS)})\b|\btmdb-scheduled\b|\btmdb-pipeline\s+(watch|backup|trigger)\b"
)
_SECONDS = 5.0


@dataclass(frozen=True)
class Installed:
    """One place that starts root tasks by the clock.

    Attributes:
        place: its name for messages.
        schedules: when it starts each root task.
        outdated: what differs from the version's own lines or units; empty where nothing does.
        catches_up: whether it runs the hourly catch-up.
    """

    place: str
    schedules: dict[str, Schedule]
    outdated: tuple[str, ...]
    catches_up: bool


def installed() -> list[Installed]:
    """Return every place that starts a root task by the clock, this user's crontab first."""
    texts = [("crontab of this user", _crontab_of_this_user())]
    texts += [(str(path), _text(path)) for path in _crontab_files()]
    crontabs = (_crontab(place, text) for place, text in texts)
    return [each for each in (*crontabs, _timers()) if each and each.schedules]


def schedules(crontab: Path) -> dict[str, Schedule]:
    """Return the schedule of each root task: the installed one, else that of a crontab file.

    Args:
        crontab: the file for root tasks that no installed schedule starts: config/crontab.

    Raises:
        SettingsError: that file is needed and cannot be read or understood.
    """
    found: dict[str, Schedule] = {}
    for each in installed():
        found = {**each.schedules, **found}
    return found if len(found) == len(ROOTS) else {**schedule.packaged(crontab), **found}


def _crontab(place: str, text: str) -> Installed | None:
    jobs = [(fields, command) for fields, command in schedule.jobs(text) if _OURS.search(command)]
    if not jobs:
        return None
    outdated = tuple(
        f"the line of {_name(command)} (`{fields}`)"
        for fields, command in jobs
        if WRAPPER not in command
    )
    commands = [command for _, command in jobs]
    return Installed(place, schedule.of_crontab(text), outdated, _catch_up_in(commands))


def _name(command: str) -> str:
    found = _OURS.search(command)
    return found[0] if found else command[:60]


def _catch_up_in(commands: list[str]) -> bool:
    return any(re.search(rf"\b{WRAPPER}\s+{CATCH_UP}\b", command) for command in commands)


def _crontab_files() -> list[Path]:
    return [path for place in _CRONTABS for path in (place, *sorted(place.glob("*")))]


def _crontab_of_this_user() -> str:
    crontab = shutil.which("crontab")
    if not crontab:
        return ""
    try:
        done = subprocess.run(  # noqa: S603  no shell
            [crontab, "-l"],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired, UnicodeDecodeError):
        return ""
    return done.stdout


def _timers() -> Installed | None:
    """Return what the enabled timers of config/systemd start; systemd links them for its target."""
    enabled = {root.family: _enabled(f"tmdb-{root.alias}.timer") for root in ROOTS.values()}
    found = {family: timer for family, timer in enabled.items() if timer}
    if not found:
        return None
    calendars = {family: tuple(_calendars(timer)) for family, timer in found.items()}
    times: dict[str, Schedule] = {
        family: timer
        for family, each in calendars.items()
        if next((timer := TimerSchedule(each)).after(clock.now()), None)
    }
    others = filter(None, (_enabled(f"tmdb-{job}.timer") for job in _OTHER_JOBS))
    services = [each.with_suffix(".service") for each in (*found.values(), *others)]
    outdated = tuple(each.name for each in services if WRAPPER not in _text(each))
    names = ", ".join(timer.stem for timer in found.values())
    catches_up = _enabled(f"tmdb-{CATCH_UP}.timer") is not None
    return Installed(f"systemd timer {names}", times, outdated, catches_up)


def _enabled(timer: str) -> Path | None:
    """Return the unit file of an enabled timer."""
    for folder in (*_UNITS, Path.home() / ".config/systemd/user"):
        link = folder / "timers.target.wants" / timer
        if link.is_symlink() or link.exists():
            return folder / timer
    return None


def _calendars(timer: Path) -> list[str]:
    """Return the `OnCalendar` values of a timer and its drop-ins; an empty one clears the list."""
    calendars: list[str] = []
    for path in (timer, *sorted(timer.with_name(f"{timer.name}.d").glob("*.conf"))):
        for value in _values(_text(path)):
            calendars = [*calendars, value] if value else []
    return calendars


def _values(unit: str) -> Iterator[str]:
    for line in unit.splitlines():
        name, equals, value = line.partition("=")
        if equals and name.strip() == "OnCalendar":
            yield value.strip()


def _text(path: Path) -> str:
    try:
        return local.read(path).decode("utf-8", errors="replace")
    except OSError:
        return ""
