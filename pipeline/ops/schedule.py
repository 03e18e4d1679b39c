"""When the root tasks are due, by `config/crontab`.

Reads the five fields that cron reads: numbers, lists, ranges, steps and `*`; names of days and
months are not used there. Times are those of the machine's time zone, as cron's are.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import bounded
from pipeline.errors import SettingsError
from pipeline.ops.roots import ALIASES, ROOTS

DEFAULT = {"DailySummary": "0 2 * * *", "WeeklyConsolidation": "0 3 * * 0"}
"""The schedule where there is no crontab to read."""

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_FIELD = re.compile(r"(\*|(?P<low>\d+)(-(?P<high>\d+))?)(/(?P<step>\d+))?")
_LONGEST_DAYS = 4 * 366 + 1
"""A schedule that no day of four years fits is never due."""


@dataclass(frozen=True)
class Schedule:
    """The moments that five fields of a crontab describe. Sunday is 0."""

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[int]
    months: frozenset[int]
    weekdays: frozenset[int]
    either_day: bool
    """Cron's oddity: where day and weekday are both limited, one of them is enough."""

    def fits(self, day: datetime.date) -> bool:
        """Whether the task is due at some time of that day."""
        by_day, by_weekday = day.day in self.days, day.isoweekday() % 7 in self.weekdays
        right_day = by_day or by_weekday if self.either_day else by_day and by_weekday
        return day.month in self.months and right_day

    def times(self, day: datetime.date) -> Iterator[datetime.datetime]:
        """Yield the moments of that day, earliest first, in the machine's time zone.

        A time that the clocks jump over is the one behind the jump, as it is for cron.
        """
        if self.fits(day):
            for hour in sorted(self.hours):
                for minute in sorted(self.minutes):
                    local = datetime.datetime.combine(day, datetime.time(hour, minute))
                    moment = datetime.datetime.fromtimestamp(local.timestamp(), datetime.UTC)
                    yield moment.astimezone()

    def next(self, after: datetime.datetime) -> datetime.datetime | None:
        """Return the first moment after the given one; None where four years have none."""
        today = after.astimezone().date()
        for ahead in range(_LONGEST_DAYS):
            for time in self.times(today + datetime.timedelta(ahead)):
                if time > after:
                    return time
        return None


def schedules(crontab: Path) -> dict[str, Schedule]:
    """Return the schedule of each root task; the default one of those that are not in the file.

    Raises:
        SettingsError: a line of a root task cannot be understood.
    """
    lines = _lines(crontab)
    found = {family: parsed(" ".join(text.split()[:5])) for family, text in lines.items()}
    return {family: found.get(family) or parsed(DEFAULT[family]) for family in ROOTS}


def parsed(fields: str) -> Schedule:
    """Parse five fields.

    Raises:
        SettingsError: a field is not understood or out of its range.
    """
    words = fields.split()
    if len(words) != len(_RANGES):
        raise SettingsError(f"{fields!r} is no schedule: cron wants five fields.")
    sets = [_values(word, *bounds) for word, bounds in zip(words, _RANGES, strict=True)]
    minutes, hours, days, months, weekdays = sets
    either = not (words[2].startswith("*") or words[4].startswith("*"))
    return Schedule(minutes, hours, days, months, frozenset(d % 7 for d in weekdays), either)


def _lines(crontab: Path) -> dict[str, str]:
    """Return the line of each root task, found by the task's name or alias in its command."""
    try:
        lines = bounded.read(crontab).decode().splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{crontab} cannot be read: mend its permissions.") from None
    names = {**ALIASES, **{family: family for family in ROOTS}}
    jobs = [line.strip() for line in lines if re.match(r"\s*[\d*]", line)]
    return {family: job for job in jobs for name, family in names.items() if _names(job, name)}


def _names(job: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", job) is not None


def _values(word: str, lowest: int, highest: int) -> frozenset[int]:
    values: set[int] = set()
    for part in word.split(","):
        found = _FIELD.fullmatch(part)
        step = int(found["step"] or 1) if found else 0
        if not found or not step:
            raise SettingsError(f"{part!r} is not understood in a schedule.")
        low = int(found["low"] or lowest)
        high = int(found["high"] or (low if found["low"] and not found["step"] else highest))
        if not lowest <= low <= high <= highest:
            raise SettingsError(f"{part!r} is out of the range {lowest}-{highest} in a schedule.")
        values.update(range(low, high + 1, step))
    return frozenset(values)
