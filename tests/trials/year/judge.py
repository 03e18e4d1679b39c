"""What is there, what is named missing, and what is neither: compared with what was done."""

from __future__ import annotations

import datetime
import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pipeline.ops.schedule.overdue import GRACE
from trials.year import documents
from trials.year.due import DAILY, WEEKLY, DueDates, Root
from trials.year.host import Host
from trials.year.ledger import Ledger

LOOK_BACK_DAYS = {DAILY: 14, WEEKLY: 8 * 7}
"""How many days back `status` names what was missed."""

ENDS_HISTORY = ("luigid killed", "killed")
"""What may take the last events of the history with it: nights on which they are not asked for."""

LONGEST_WAIT_SECONDS = 20
"""luigid tries a database that was away again, at most 10 seconds apart."""


class Judge:
    """Looks at the data root after each run, and at all of it once a week."""

    def __init__(self, host: Host, ledger: Ledger, due: DueDates, first_day: datetime.date) -> None:
        self._host = host
        self._ledger = ledger
        self._due = due
        self._first_day = first_day
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
            root = documents.root_of(path)
            if root not in self._due:
                self.broken.append(f"{path.name} is of a day on which {root[0]} is not due")
            runs = self._ledger.of(root)
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
        return self.is_there(root) and self.lateness(root) > 0

    def lateness(self, root: Root) -> int:
        """By how many days the document of a root task's day says it is late."""
        return documents.lateness(self._place(root))

    def close(self, due: list[Root]) -> None:
        """Judge the year: each date is there in time, or nothing could be done and it was named."""
        self.look_at_all()
        for root in due:
            if self.is_there(root):
                if self._was_made_too_late(root):
                    self.lost.append(f"{_name(root)} was collected when its time was over")
            elif root in self._ledger.chances:
                self.lost.append(f"{_name(root)} is not there, and could have been collected")
            elif self._ledger.excuse(root) is None:
                self.unexplained.append(f"{_name(root)} is not there and nothing was in its way")
            elif self._ledger.reason(root) is None:
                self.unexplained.append(f"{_name(root)} is not there and nobody says why")
            elif root not in self.named:
                self.unexplained.append(f"{_name(root)} is not there and was never named missing")
        self.unexplained += [
            f"{_name(run.root)} waited for ever ({run.event})"
            for run in self._ledger.runs
            if run.status is None
        ]
        if self._host.postgres is not None:
            self._compare_history()

    def made_by(self, root: Root) -> str:
        """Who started the run that made the document of a root task's day."""
        return self._ledger.runs[self._made_in[self._place(root)] - 1].started_by

    def _was_made_too_late(self, root: Root) -> bool:
        """Whether it could have been collected in time, and was made after that."""
        until = self._ledger.chances.get(root)
        run = self._ledger.runs[self._made_in[self._place(root)] - 1]
        return until is not None and run.earliest.timestamp() >= until.timestamp()

    def _compare_names(self) -> None:
        """Ask `tmdb-pipeline status` what was missed and what is overdue, and compare the files."""
        now = self._host.clock.now()
        status, words = self._host.operate("status", "--json")
        if status:
            self.broken.append(f"status ended with {status} at {now}: {words[-300:]}")
            return
        answer = json.loads(words)
        missed = {root for root in self._due_by(now) if not self.is_there(root)}
        self.named |= self._compare(answer, "missed", missed, now)
        newest = {self._due.newest(family, now - GRACE) for family in LOOK_BACK_DAYS}
        overdue = {root for root in newest if not self._is_there_since(root, now.date())}
        self._compare(answer, "overdue", overdue, now)
        if answer["running"]:
            self.broken.append(f"at {now} still running: {answer['running']}")

    def _compare(
        self, answer: dict[str, Any], name: str, known: set[Root], now: datetime.datetime
    ) -> set[Root]:
        """Compare what `status` names with what is known; return what both do."""
        named = {(each["task"], datetime.date.fromisoformat(each["date"])) for each in answer[name]}
        self.unexplained += [f"{_name(root)}: not named {name} at {now}" for root in known - named]
        self.broken += [f"{_name(root)}: named {name} at {now}" for root in named - known]
        return named & known

    def _due_by(self, now: datetime.datetime) -> list[Root]:
        """What was due in the days that `status` names, after the first of the installation."""
        until = now - GRACE
        return [
            root
            for family, days in LOOK_BACK_DAYS.items()
            for root in self._due.until_now(
                family, until.date() - datetime.timedelta(days - 1), until
            )
            if root[1] > self._first_day
        ]

    def _is_there_since(self, root: Root, today: datetime.date) -> bool:
        family, first = root
        days = (first + datetime.timedelta(each) for each in range((today - first).days + 1))
        return any(self.is_there((family, day)) for day in days)

    def _compare_history(self) -> None:
        """See that each document's task is known as done; luigid may still be writing."""
        asked = {
            path: documents.task_of(path)
            for path, number in self._made_in.items()
            if (run := self._ledger.runs[number - 1]).is_in_history
            and run.event not in ENDS_HISTORY
        }
        self.not_asked_of_history = len(self._made_in) - len(asked)
        deadline = time.monotonic() + LONGEST_WAIT_SECONDS
        while not self._history.issuperset(asked.values()) and time.monotonic() < deadline:
            time.sleep(1)
            self._history |= self._host.done_by_history()
        self.lost += [
            f"the history does not know that {path.name} was done: {self._run_of(path)}"
            for path, task in asked.items()
            if task not in self._history
        ]

    def _run_of(self, path: Path) -> str:
        run = self._ledger.runs[self._made_in[path] - 1]
        return f"made in a run with status {run.status} ({run.event}; {run.reason})"

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


def _name(root: Root) -> str:
    return f"{root[0]} of {root[1]}"
