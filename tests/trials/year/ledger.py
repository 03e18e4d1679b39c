"""What was run when, and why what is missing could not be collected: the trial's own book."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path

from trials.year.due import Root
from trials.year.host import Host

SCHEDULE, CATCH_UP, HAND = "schedule", "catch-up", "hand"
"""Who starts a run."""


@dataclass(frozen=True)
class Run:
    """One run of a root task, by the clock of the machine."""

    root: Root
    event: str
    earliest: datetime.datetime
    latest: datetime.datetime
    status: int | None
    reason: str | None
    """Why it did not end well, where a person looks for it; None where nobody says."""
    started_by: str = SCHEDULE
    is_in_history: bool = True
    """Whether luigid was used, which writes the history."""


@dataclass
class Ledger:
    """All runs, and what each date had in its way while it could be collected."""

    runs: list[Run] = field(default_factory=list)
    chances: dict[Root, datetime.datetime] = field(default_factory=dict)
    """Root task and day -> when its time is over, where it could have been collected before: at a
    scheduled time at which the machine was on, its clock right, and TMDB answered."""
    obstacles: dict[Root, dict[str, None]] = field(default_factory=dict)
    """Root task and day -> what was in its way at the scheduled times, in that order."""

    def of(self, root: Root) -> list[Run]:
        """The runs that were asked for this day."""
        return [run for run in self.runs if run.root == root]

    def hinder(self, root: Root, obstacle: str) -> None:
        """Note what was in the way of a date at one of its times."""
        self.obstacles.setdefault(root, {})[obstacle] = None

    def excuse(self, root: Root) -> str | None:
        """Why that day could not be collected; None where it could, or where nothing was in its
        way."""
        if root in self.chances or root not in self.obstacles:
            return None
        return " and ".join(self.obstacles[root])

    def reason(self, root: Root) -> str | None:
        """Why that day is not there, as its last run or the book says; None where neither does."""
        runs = self.of(root)
        return runs[-1].reason if runs else self.excuse(root)


def reason(host: Host, root: str, before: set[Path], words: str) -> str | None:
    """Find why a run did not end well: in its log, in what it said, or in a log that breaks off."""
    logs = sorted(run_logs(host, root) - before)
    texts = [log.read_text(encoding="utf-8", errors="replace") for log in logs]
    errors = re.findall(r"^\S+ ERROR: (.+)$", "\n".join(texts), re.MULTILINE)
    said = [line for line in words.splitlines() if re.search(r" ERROR: |^luigi: ", line)]
    if errors or said:
        return str([*said, *errors][-1])
    broken_off = any("Ended with status" not in log.read_text() for log in logs)
    return "its log breaks off" if broken_off else None


def used_luigid(host: Host, root: Root) -> bool:
    """Whether the last run of that day used luigid to its end, by the run record."""
    family, day = root
    of_root = [line for line in host.record() if (line["task"], line["date"]) == (family, str(day))]
    return bool(of_root) and of_root[-1]["scheduler"] == "luigid"


def run_logs(host: Host, root: str) -> set[Path]:
    """The logs of the runs of a root task."""
    return set(host.layout.logs.glob(f"*_{root}_*.log"))
