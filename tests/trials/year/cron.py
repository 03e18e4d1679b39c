"""What cron would do, and when: config/crontab read as Debian's cron reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from cronsim import CronSim


class Job(NamedTuple):
    """One line: when, and what is handed to the shell."""

    schedule: str
    command: str

    def times(self, since: datetime, until: datetime) -> Iterator[datetime]:
        """Yield when it is started. What the clocks jump over in spring is started behind the jump,
        and of the hour that comes twice in autumn only the first counts."""
        for time in CronSim(self.schedule, since):
            if time >= until:
                return
            yield time


class Crontab(NamedTuple):
    """The variables on top, and the jobs by a word of their command."""

    variables: dict[str, str]
    jobs: tuple[Job, ...]

    def job(self, word: str) -> Job:
        """Return the one job that names that word."""
        (found,) = [job for job in self.jobs if re.search(rf"\b{word}\b", job.command)]
        return found


def read(path: Path) -> Crontab:
    """Read a user's crontab."""
    variables: dict[str, str] = {}
    jobs: list[Job] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if found := re.match(r"([A-Z_]+)=(.*)", line):
            variables[found[1]] = found[2].strip('"')
        elif found := re.match(r"((?:\S+\s+){5})(.*)", line) if line[:1] in "*0123456789" else None:
            jobs.append(Job(found[1].strip(), found[2].replace("\\%", "%")))
    return Crontab(variables, tuple(jobs))
