"""What is there, what is named missing, and what is neither: compared with what was done."""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from pipeline.ops.missed import GRACE, LOOK_BACK_DAYS
from trials.year import documents
from trials.year.host import Host
from trials.year.ledger import DAILY, WEEKLY, Ledger, Root

ENDS_HISTORY = ("luigid killed", "luigid down", "killed")
"""What may take the last events of the history with it: nights on which they are not asked for."""

LONGEST_WAIT_SECONDS = 20
"""luigid tries a database that was away again, at most 10 seconds apart."""


class Judge:
    """Looks at the data root after each run, and at all of it once a week."""

    def __init__(self, host: Host, ledger: Ledger) -> None:
        self._host = host
        self._ledger = ledger
        self._digests: dict[Path, bytes] = {}
        self._made_in: dict[Path, int] = {}
        self._history: set[tuple[str, str, str]] = set()
        self.lost: list[str] = []
        self.broken: list[str] = []
        self.unexplained: list[str] = []
        self.named: set[Root] = set()
        self.not_asked_of_history = 0

    def look(self) -> None:
        """Look at what the last run made."""
        number = len(self._ledger.runs)
        new = [path for path in self._documents() if path not in self._digests]
        for path in new:
            self._digests[path] = _digest(path)
            self._made_in[path] = number
        for path in new:
            runs = self._ledger.of(documents.root_of(path))
            for fault in documents.faults(path, self._host.layout, runs, self._was_there(number)):
                self.broken.append(f"{path.name} {fault}")

    def look_at_all(self) -> None:
        """Look whether all that was ever finished is there as it was, and what is named missing."""
        there = set(self._documents())
        for path, digest in self._digests.items():
            if path not in there:
                self.lost.append(f"{path.name} is gone")
            elif _digest(path) != digest:
                self.lost.append(f"{path.name} has changed")
        self._compare_names()
        if self._host.postgres is not None:
            self._history |= self._host.done_by_history()

    def is_there(self, root: Root) -> bool:
        """Whether the document of a root task's day is there."""
        return self._place(root).exists()

    def is_late(self, root: Root) -> bool:
        """Whether it is there and says that it was collected after its day."""
        return self.is_there(root) and documents.lateness(self._place(root)) > 0

    def close(self, due: list[Root]) -> None:
        """Judge the year: each day is there, or it was named missing and there is a reason."""
        self.look_at_all()
        for root in due:
            if self.is_there(root):
                continue
            if root not in self.named:
                self.unexplained.append(f"{_told(root)} is not there and was never named missing")
            elif self._ledger.reason(root) is None:
                self.unexplained.append(f"{_told(root)} is not there and nobody says why")
        self.unexplained += [
            f"{_told(run.root)} waited for ever ({run.befell})"
            for run in self._ledger.runs
            if run.status is None
        ]
        if self._host.postgres is not None:
            self._compare_history()

    def _compare_names(self) -> None:
        """Ask `tmdb-pipeline status` what was missed; by the files it has to be just that."""
        now = self._host.clock.now()
        status, words = self._host.operate("status", "--json")
        if status:
            self.broken.append(f"status ended with {status} at {now}: {words[-300:]}")
            return
        answer = json.loads(words)
        told = {(each["task"], datetime.date.fromisoformat(each["date"]))
                for each in answer["missed"]}  # fmt: skip
        known = {
            root
            for root in self._due_by(now)
            if not self.is_there(root) and root[1] > self._first_day()
        }
        self.named |= told & known
        self.unexplained += [f"{_told(root)}: not named missing at {now}" for root in known - told]
        self.broken += [f"{_told(root)}: named missing at {now}" for root in told - known]
        if answer["running"]:
            self.broken.append(f"at {now} still running: {answer['running']}")

    def _due_by(self, now: datetime.datetime) -> list[Root]:
        """What was due in the days that `status` tells of, by the crontab and this calendar."""
        due = []
        for family in (DAILY, WEEKLY):
            first = now.date() - datetime.timedelta(LOOK_BACK_DAYS[family] - 1)
            since = self._host.clock.at(first, 0) - datetime.timedelta(seconds=1)
            job = self._host.crontab.job(family)
            due += [(family, time.date()) for time in job.times(since, now - GRACE)]
        return due

    def _first_day(self) -> datetime.date:
        return min(run.root[1] for run in self._ledger.runs)

    def _compare_history(self) -> None:
        """See that each document's task is known as done; luigid may still be writing."""
        asked = {
            path: documents.task_of(path)
            for path, number in self._made_in.items()
            if self._ledger.runs[number - 1].befell not in ENDS_HISTORY
        }
        self.not_asked_of_history = len(self._made_in) - len(asked)
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while not self._history.issuperset(asked.values()) and time.monotonic() < deadline:
            time.sleep(1)
            self._history |= self._host.done_by_history()
        self.lost += [
            f"the history does not know that {path.name} was done: {self._told_of(path)}"
            for path, task in asked.items()
            if task not in self._history
        ]

    def _told_of(self, path: Path) -> str:
        run = self._ledger.runs[self._made_in[path] - 1]
        return f"made in a run with status {run.status} ({run.befell}; {run.reason})"

    def _was_there(self, number: int) -> Callable[[Path], bool]:
        return lambda path: self._made_in.get(path, number) < number

    def _place(self, root: Root) -> Path:
        family, day = root
        layout = self._host.layout
        return layout.daily_summary(day) if family == DAILY else layout.consolidated(day)

    def _documents(self) -> list[Path]:
        folders = (self._host.layout.root / "raw", self._host.layout.root / "processed")
        return [path for folder in folders for path in folder.rglob("[!.]*.json")]


def _digest(path: Path) -> bytes:
    return hashlib.sha256(path.read_bytes()).digest()


def _told(root: Root) -> str:
    return f"{root[0]} of {root[1]}"
