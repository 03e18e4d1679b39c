"""The simulated clock: one file that says by how many seconds the machine's day is another one.

Real commands run as real processes, and only Python's time of day is replaced, by time-machine from
`machine/sitecustomize.py`. libfaketime would do that for every program, PostgreSQL as well; but it
is a package of Debian's, and it also changes what must stay as it is, the monotonic clock that
timeouts are measured with and the times of files.
"""

from __future__ import annotations

import datetime
import math
import os
import time
from pathlib import Path
from zoneinfo import ZoneInfo

MACHINE = Path(__file__).parent / "machine"


class Clock:
    """The clock of one machine, in its time zone."""

    def __init__(self, path: Path, zone: str, at: datetime.datetime) -> None:
        self.zone = ZoneInfo(zone)
        self._path = path
        self._away = 0
        self.set(at)

    def now(self) -> datetime.datetime:
        """What a look at it shows."""
        moment = datetime.datetime.fromtimestamp(time.time() + self._away, datetime.UTC)
        return moment.astimezone(self.zone)

    def at(self, day: datetime.date, hour: int, minute: int = 0) -> datetime.datetime:
        """A time of a day in its zone."""
        return datetime.datetime.combine(day, datetime.time(hour, minute), self.zone)

    def set(self, at: datetime.datetime) -> None:
        """Set it, forward or back."""
        self._show(math.ceil(at.timestamp() - time.time()))

    def _show(self, away: int) -> None:
        self._away = away
        beside = self._path.with_suffix(".new")
        beside.write_text(f"{self._away}\n")
        beside.replace(self._path)

    def pass_until(self, at: datetime.datetime) -> None:
        """Let time pass, unless it is later than that already."""
        if at.timestamp() > self.now().timestamp():  # two times of one zone compare as they look
            self.set(at)

    def step(self, seconds: int) -> None:
        """Have it jump, as when somebody corrects it."""
        self._show(self._away + seconds)

    def date_files(self, root: Path, since: float) -> None:
        """Give what was written since a real moment the simulated time of its writing.

        The kernel stamps files with the real time, and what is swept by its age looks there.
        """
        for folder, _, names in os.walk(root):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    written = os.stat(path).st_mtime
                    if written >= since:
                        os.utime(path, (written + self._away, written + self._away))
                except FileNotFoundError:
                    continue  # swept or renamed meanwhile
