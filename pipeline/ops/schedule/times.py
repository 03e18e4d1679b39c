"""The times of a schedule: lines of crontabs, and the calendars of systemd timers.

cronsim knows Debian's cron: names of days and months, and what happens when the clocks change.
systemd's calendars are computed by systemd itself.
"""

import contextlib
import heapq
import itertools
import operator
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.roots import ROOTS, Root
from pipeline.storage import local

# cron's names for five fields. `@reboot` is no time of the clock.
_MACROS = {
    **dict.fromkeys(("@yearly", "@annually"), "0 0 1 1 *"),
    **dict.fromkeys(("@daily", "@midnight"), "0 0 * * *"),
    **{"@monthly": "0 0 1 * *", "@weekly": "0 0 * * 0", "@hourly": "0 * * * *"},
}

_JOB = re.compile(r"(@[a-z]+|[\d*][^\s=]*(?:\s+\S+){4})\s+(.+)")
_ZONE = re.compile(r"CRON_TZ\s*=\s*[\"']?([^\s\"']+)[\"']?")
# A time in the output of `systemd-analyze calendar`; a zone equal to UTC may be called GMT.
_ELAPSES = re.compile(r"(?:\(in UTC\)|Next elapse|Iter\. #\d+): \S+ ([\d-]+ [\d:]+) (?:UTC|GMT)")

_SECONDS = 5.0  # time limit of the programs that are asked for a schedule


class Schedule(NamedTuple):
    """The times at which something is started, by lines of crontabs and by systemd timers."""

    lines: tuple[tuple[str, ZoneInfo | None], ...] = ()  # fields and CRON_TZ, None: the machine's
    calendars: tuple[str, ...] = ()  # values of `OnCalendar`

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Yield the times after that moment, earliest first, each once, in UTC."""
        of_cron = (_cron_times(fields, zone, moment) for fields, zone in self.lines)
        of_systemd = (_timer_times(each, moment) for each in self.calendars)
        return (time for time, _ in itertools.groupby(heapq.merge(*of_cron, *of_systemd)))

    def by_day(self, first: date) -> Iterator[datetime]:
        """Yield the first time of each day from that day on; others repeat it where it failed."""
        times = self.after(clock.midnight(first) - timedelta(seconds=1))
        return (next(of_day) for _, of_day in itertools.groupby(times, clock.local_day))

    def next_day(self, now: datetime) -> datetime | None:
        """Return the first time of the next day that has one; None where none is found."""
        return next((time for time in self.by_day(clock.local_day(now)) if time > now), None)


class Job(NamedTuple):
    """A command that the clock starts: by the fields of a crontab line, or a systemd unit."""

    when: str
    command: str
    schedule: Schedule = Schedule()

    @property
    def roots(self) -> list[Root]:
        """The root tasks that it runs: by luigi, or by an alias in our commands."""
        ours = r"\btmdb-(?:scheduled|pipeline\s+(?:run|trigger)(?:\s+--runtime\s+\w+)?)"
        forms = rf"\bluigi\s[^|;&]*\b{{0.family}}\b|{ours}\s+(?:{{0.alias}}|{{0.family}})\b"
        return [root for root in ROOTS.values() if re.search(forms.format(root), self.command)]

    @property
    def outdated(self) -> str | None:
        """What to replace of ours that the wrapper does not run, as in 0.1.0; else None."""
        names = "|".join((*ROOTS, r"tmdb-pipeline\s+(watch|backup|run|trigger)"))
        ours = re.search(rf"\b({names})\b", self.command)
        is_unit = self.when.endswith(".service")
        if ours and "tmdb-scheduled" not in self.command:
            return self.when if is_unit else f"the line of {ours[0]} (`{self.when}`)"
        return None


def cron_schedule(*lines: str, zone: ZoneInfo | None = None) -> Schedule:
    """Return the schedule of lines, or raise SettingsError for one that cron would not accept."""
    fields = [_MACROS.get(line, line) for line in lines]
    for each in fields:
        try:  # cronsim accepts a sixth field for seconds
            CronSim(f"{each} *" if len(each.split()) > 5 else each, datetime(2024, 1, 1))
        except CronSimError as error:
            raise SettingsError(f"{each!r} is not a schedule of cron: {error}.") from None
    return Schedule(tuple((each, zone) for each in fields))


def read_crontab(text: str, *, strict: bool = False) -> list[Job]:
    """Return the jobs of a crontab: a user's, or the system's with the user before the command.

    Lines that cron would refuse are passed over; `strict` raises SettingsError for a root task's.
    """
    zone, jobs = None, []
    for line in map(str.strip, text.splitlines()):
        if found := _ZONE.fullmatch(line):
            with contextlib.suppress(ZoneInfoNotFoundError, ValueError, OSError):
                zone = ZoneInfo(found[1])
        elif found := _JOB.fullmatch(line):
            job = Job(found[1], found[2])
            try:
                jobs.append(job._replace(schedule=cron_schedule(job.when, zone=zone)))
            except SettingsError:
                if strict and job.when != "@reboot" and job.roots:
                    raise
    return jobs


def by_root(jobs: Iterable[Job]) -> dict[str, Schedule]:
    """Return the schedule of each root task that one of the jobs starts."""
    found: dict[str, Schedule] = {}
    for job in jobs:
        for root in job.roots:
            both = map(operator.add, found.get(root.family, Schedule()), job.schedule)
            found[root.family] = Schedule(*both)
    return found


def packaged(crontab: Path) -> dict[str, Schedule]:
    """Return the schedule of each root task by a crontab file, else the default one."""
    usual = {family: cron_schedule(root.cron) for family, root in ROOTS.items()}
    try:
        return {**usual, **by_root(read_crontab(local.read(crontab).decode(), strict=True))}
    except FileNotFoundError:
        return usual
    except (OSError, UnicodeDecodeError):
        raise SettingsError(f"{crontab} cannot be read: correct its permissions.") from None


def output_of(*command: str) -> str:
    """Return what a program prints; nothing where it is not there, fails or does not end soon."""
    if shutil.which(command[0]):
        with contextlib.suppress(OSError, subprocess.SubprocessError):
            none = subprocess.DEVNULL
            text = subprocess.check_output(command, timeout=_SECONDS, stderr=none)  # noqa: S603
            return text.decode("utf-8", errors="replace")
    return ""


def _cron_times(fields: str, zone: ZoneInfo | None, moment: datetime) -> Iterator[datetime]:
    """Yield the times of a line; one that the clocks skip comes once they have changed."""
    for wall in CronSim(fields, moment.astimezone(zone).replace(tzinfo=None)):
        for minutes in itertools.count():
            later = wall + timedelta(minutes=minutes)
            time = later.replace(tzinfo=zone).astimezone(UTC)
            if time.astimezone(zone).replace(tzinfo=None) == later:
                break
        if time > moment:
            yield time


def _timer_times(calendar: str, moment: datetime) -> Iterator[datetime]:
    """Yield the times of a systemd calendar; none where systemd cannot be asked."""
    found = [""]
    while found:
        base = f"--base-time={moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
        command = ("systemd-analyze", "calendar", base, "--iterations=60", calendar)
        # A timer follows the machine's time zone, whatever TZ this process was started with.
        found = _ELAPSES.findall(output_of("/usr/bin/env", "-u", "TZ", "LC_ALL=C", *command))
        for each in sorted(set(found)):
            moment = datetime.fromisoformat(each).replace(tzinfo=UTC)
            yield moment
