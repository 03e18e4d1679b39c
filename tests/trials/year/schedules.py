"""What starts the jobs, and when: config/crontab as Debian's cron reads it, or the systemd timers.

cronsim knows cron's times. Those of the timers come from systemd itself, for all of the trial at
once.
"""

from __future__ import annotations

import bisect
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from cronsim import CronSim

WRAPPER = re.compile(r"\btmdb-scheduled (?P<name>\S+) -- ")
_MINUTES = re.compile(r"(?P<fields>(?:\S+\s+){5})(?P<command>.*)")
_TIME = re.compile(r"(?:\(in UTC\)|Next elapse|Iter\. #\d+): \S+ ([\d-]+ [\d:]+) UTC")


class Job(Protocol):
    """A job of the schedule: its name, what is started, and with which variables."""

    @property
    def name(self) -> str:
        """The word behind `tmdb-scheduled`."""

    @property
    def command(self) -> str:
        """What is started, as a shell reads it."""

    @property
    def variables(self) -> Mapping[str, str]:
        """What the crontab or the unit sets."""

    def times(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times after the first and before the second moment."""


@dataclass(frozen=True)
class CronJob:
    """A line of the crontab."""

    fields: str
    command: str
    variables: Mapping[str, str]

    @property
    def name(self) -> str:
        """The word behind `tmdb-scheduled`."""
        return _name(self.command)

    def times(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times. What the clocks skip in spring is started behind the jump; of the hour
        that comes twice in autumn only the first counts, except for a job of every hour."""
        for time in CronSim(self.fields, since):
            if time.timestamp() >= until.timestamp():  # two times of one zone compare as they look
                return
            yield time


@dataclass(frozen=True)
class TimerJob:
    """A systemd service with its timer."""

    command: str
    variables: Mapping[str, str]
    all_times: tuple[float, ...]

    @property
    def name(self) -> str:
        """The word behind `tmdb-scheduled`."""
        return _name(self.command)

    def times(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield the times, of those that were asked for at once."""
        first = bisect.bisect_right(self.all_times, since.timestamp())
        for each in self.all_times[first:]:
            if each >= until.timestamp():
                return
            yield datetime.fromtimestamp(each, since.tzinfo)


@dataclass(frozen=True)
class Schedule:
    """All jobs.

    Attributes:
        kind: `cron` or `systemd`.
        jobs: them, by their name.
    """

    kind: str
    jobs: Mapping[str, Job]

    @property
    def makes_up(self) -> bool:
        """Whether a job that was missed while the machine was off is started when it is on."""
        return self.kind == "systemd"


def read_crontab(path: Path) -> Schedule:
    """Read a user's crontab."""
    variables: dict[str, str] = {}
    jobs: list[Job] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([A-Z_]+)=(.*)", line):
            variables[found[1]] = found[2].strip('"')
        elif line[:1] in [*"*0123456789"] and (found := _MINUTES.match(line)):
            command = found["command"].replace("\\%", "%")
            jobs.append(CronJob(found["fields"].strip(), command, variables))
    return Schedule("cron", {job.name: job for job in jobs})


def read_units(folder: Path, zone: str, since: datetime, until: datetime) -> Schedule:
    """Read the timers and their services, and have systemd say when they elapse in between."""
    jobs = [_unit(timer, zone, since, until) for timer in sorted(folder.glob("*.timer"))]
    return Schedule("systemd", {job.name: job for job in jobs})


def has_systemd() -> bool:
    """Whether systemd can be asked for the times of its timers."""
    return shutil.which("systemd-analyze") is not None


def _unit(timer: Path, zone: str, since: datetime, until: datetime) -> TimerJob:
    calendars = values(timer, "OnCalendar")
    assert values(timer, "Persistent") == ["true"], timer
    service = timer.with_suffix(".service")
    (command,) = values(service, "ExecStart")
    variables = dict(each.split("=", 1) for each in values(service, "Environment"))
    times = {time for each in calendars for time in _elapses(each, zone, since, until)}
    return TimerJob(command, variables, tuple(sorted(times)))


def values(unit: Path, name: str) -> list[str]:
    """Return all values of a name in a unit file."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(encoding="utf-8"), re.MULTILINE)


def _elapses(calendar: str, zone: str, since: datetime, until: datetime) -> list[float]:
    hours = int((until - since).total_seconds() // 3600) + 24
    base = f"--base-time={since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
    done = subprocess.run(
        ["systemd-analyze", "calendar", base, f"--iterations={hours}", calendar],
        env={"TZ": f":{zone}", "LC_ALL": "C", "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    times = (datetime.fromisoformat(f"{each}+00:00") for each in _TIME.findall(done.stdout))
    return [each.timestamp() for each in times]


def _name(command: str) -> str:
    found = WRAPPER.search(command)
    assert found, command
    return found["name"]
