"""What was done to each night and what came of it: the trial's own book, beside the pipeline's."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.tasks.logs import errors_in
from trials.year.host import Host

DAILY, WEEKLY = "DailySummary", "WeeklyConsolidation"

Root = tuple[str, datetime.date]
"""A root task and its day."""


@dataclass(frozen=True)
class Run:
    """One run of a root task, by the clock of the machine."""

    root: Root
    befell: str
    earliest: datetime.datetime
    latest: datetime.datetime
    status: int | None
    reason: str | None
    """Why it did not end well, where a person looks for it; None where nobody says."""


@dataclass
class Ledger:
    """All runs, and the nights on which there was none."""

    runs: list[Run] = field(default_factory=list)
    not_run: dict[Root, str] = field(default_factory=dict)
    """Root task and day -> why cron did not start it."""

    def of(self, root: Root) -> list[Run]:
        """The runs that were asked for this day."""
        return [run for run in self.runs if run.root == root]

    def cause(self, root: Root) -> str:
        """What befell a day that is not there."""
        runs = self.of(root)
        return runs[-1].befell if runs else self.not_run.get(root, "nothing")

    def reason(self, root: Root) -> str | None:
        """Why that day is not there; None where there is no reason to be found."""
        runs = self.of(root)
        if runs:
            return runs[-1].reason
        return self.not_run.get(root)


def reason(host: Host, root: str, before: set[Path], words: str) -> str | None:
    """Find why a run did not end well: in its log, in what it said, or in a log that breaks off."""
    logs = sorted(run_logs(host, root) - before)
    errors = [error for log in logs for error in errors_in(log)]
    said = [line for line in words.splitlines() if re.search(r" ERROR: |^luigi: ", line)]
    if errors or said:
        return [*said, *errors][-1]
    broken_off = any("Ended with status" not in log.read_text() for log in logs)
    return "its log breaks off" if broken_off else None


def run_logs(host: Host, root: str) -> set[Path]:
    """The logs of the runs of a root task."""
    return set(host.layout.logs.glob(f"*_{root}_*.log"))
