"""The times of a schedule: a crontab's lines, or the calendars of systemd timers.

cronsim knows Debian's cron: names of days and months, and what happens when the clocks change.
systemd's calendars are computed by systemd itself.
"""

from __future__ import annotations

import datetime
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cronsim import CronSim, CronSimError

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.ops.roots import ROOTS, Root
from pipeline.ops.schedule.local_zone import LOCAL
from pipeline.storage import local

_MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
"""cron's names for five fields."""

_AT_BOOT = "@reboot"
"""No time of the clock, so it is no schedule."""

_FIELDS = re.compile(r"(?P<fields>@[a-z]+|(?:[\d*][^\s=]*\s+)(?:\S+\s+){3}\S+)\s+(?P<command>.+)")

_SECONDS = 5.0
"""Time limit of systemd-analyze, in seconds."""


class Schedule(Protocol):
    """The times at which something is started."""

    def after(self, moment: datetime.datetime) -> Iterator[datetime.datetime]:
        """Yield the times after that moment, earliest first, in UTC."""


@dataclass(frozen=True)
class CronSchedule:
    """The times of one or more lines of a crontab, each given by its five fields."""

    lines: tuple[str, ...]

    def after(self, moment: datetime.datetime) -> Iterator[datetime.datetime]:
        """Yield the times after that moment; a time that is skipped in spring comes after it."""
        runs = [CronSim(line, moment.astimezone(LOCAL)) for line in self.lines]
        following = [_next(run) for run in runs]
        while any(following):
            earliest = min(time for time in following if time)
            yield earliest
            following = [
                _next(run) if time == earliest else time
                for run, time in zip(runs, following, strict=True)
            ]


@dataclass(frozen=True)
class TimerSchedule:
    """The times of a systemd timer, given by its `OnCalendar` values."""

    calendars: tuple[str, ...]

    def after(self, moment: datetime.datetime) -> Iterator[datetime.datetime]:
        """Yield the times after that moment. systemd skips a time that the clocks skip."""
        while found := sorted({time for each in self.calendars for time in _elapses(each, moment)}):
            yield from found
            moment = found[-1]


def cron_schedule(*lines: str) -> CronSchedule:
    """Return the schedule of crontab lines, given by their five fields or a macro like `@daily`.

    Raises:
        SettingsError: cron would not accept the fields, or no day fits them.
    """
    fields = tuple(_MACROS.get(line, line) for line in lines)
    for each in fields:
        try:
            CronSim(each, datetime.datetime(2024, 1, 1))
        except CronSimError as error:
            raise SettingsError(f"{each!r} is not a schedule of cron: {error}.") from None
        if len(each.split()) != 5:
            raise SettingsError(f"{each!r} is not a schedule of cron: it has five fields.")
    return CronSchedule(fields)


def times_by_day(
    schedule: Schedule, first: datetime.date, until: datetime.datetime
) -> dict[datetime.date, datetime.datetime]:
    """Return each day from `first` on that has a time up to `until`, with its first time in UTC."""
    found: dict[datetime.date, datetime.datetime] = {}
    for time in schedule.after(clock.midnight(first) - datetime.timedelta(seconds=1)):
        if time > until:
            break
        found.setdefault(clock.local_day(time), time)
    return found


def next_time(schedule: Schedule, now: datetime.datetime) -> datetime.datetime | None:
    """Return the first time of the next day that has one; None where none is found.

    A second time of the same day only repeats the first where that failed.
    """
    start = clock.midnight(clock.local_day(now)) - datetime.timedelta(seconds=1)
    today: datetime.date | None = None
    for time in schedule.after(start):
        if time > now and clock.local_day(time) != today:
            return time
        today = clock.local_day(time)
    return None


def of_crontab(text: str) -> dict[str, Schedule]:
    """Return the schedule of each root task that a crontab starts.

    A line that cron would not accept is passed over. Both forms of a crontab are read: a user's,
    and the system's with the user's name before the command.
    """
    lines: dict[str, list[str]] = {}
    for fields, command in jobs(text):
        for family, root in ROOTS.items():
            if starts_root(root, command) and _is_accepted(fields):
                lines.setdefault(family, []).append(fields)
    return {family: cron_schedule(*fields) for family, fields in lines.items()}


def jobs(text: str) -> list[tuple[str, str]]:
    """Return the fields and the command of each job in a crontab."""
    found = (_FIELDS.fullmatch(line.strip()) for line in text.splitlines())
    return [(each["fields"], each["command"]) for each in found if each]


def starts_root(root: Root, command: str) -> bool:
    """Return whether a command runs the root task: by luigi, or by an alias in our commands."""
    by_luigi = rf"\bluigi\s[^|;&]*\b{root.family}\b"
    ours = r"\btmdb-(?:scheduled|pipeline\s+trigger(?:\s+--runtime\s+\w+)?)"
    by_name = rf"{ours}\s+(?:{root.alias}|{root.family})\b"
    return re.search(f"{by_luigi}|{by_name}", command) is not None


def packaged(crontab: Path) -> dict[str, Schedule]:
    """Return the schedule of each root task by a crontab file, else the default one.

    Raises:
        SettingsError: the file cannot be read, or a line of a root task is not a schedule of cron.
    """
    try:
        text = local.read(crontab).decode()
    except FileNotFoundError:
        text = ""
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{crontab} cannot be read: correct its permissions.") from None
    for fields, command in jobs(text):
        if fields != _AT_BOOT and any(starts_root(root, command) for root in ROOTS.values()):
            cron_schedule(fields)
    return {**defaults(), **of_crontab(text)}


def defaults() -> dict[str, Schedule]:
    """Return the schedule of each root task where none can be read."""
    return {family: cron_schedule(root.cron) for family, root in ROOTS.items()}


def _is_accepted(fields: str) -> bool:
    try:
        cron_schedule(fields)
    except SettingsError:
        return False
    return True


def _next(run: CronSim) -> datetime.datetime | None:
    time = next(run, None)
    return time.astimezone(datetime.UTC) if time else None


def _elapses(calendar: str, moment: datetime.datetime) -> list[datetime.datetime]:
    """Return the next times of a systemd calendar; none where systemd cannot be asked.

    The timer follows the machine's time zone, whatever TZ this process was started with.
    """
    base = f"{moment.astimezone(datetime.UTC):%Y-%m-%d %H:%M:%S} UTC"
    options = [f"--base-time={base}", "--iterations=60"]
    command = ["/usr/bin/env", "-u", "TZ", "LC_ALL=C", "systemd-analyze", "calendar", *options]
    try:
        done = subprocess.run(  # noqa: S603  no shell
            [*command, calendar], capture_output=True, text=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return _moments(done.stdout)


def _moments(text: str) -> list[datetime.datetime]:
    """Return the times in the output of `systemd-analyze calendar`, by its lines in UTC.

    A zone that is UTC by another name has no lines of their own for that: they say GMT.
    """
    found = re.findall(
        r"(?:\(in UTC\)|Next elapse|Iter\. #\d+): \S+ ([\d-]+ [\d:]+) (?:UTC|GMT)", text
    )
    times = (datetime.datetime.fromisoformat(each) for each in found)
    return sorted({time.replace(tzinfo=datetime.UTC) for time in times})
