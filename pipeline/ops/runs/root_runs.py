"""The history's attempts of single tasks, put together to the runs that people think of.

A run of `DailySummary` is all its steps of one day, close to each other in time. Luigi records that
the root task runs only when every step before it is done, and never where one failed: then all that
tells of it is that it was waiting.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from pipeline.ops.history.queries import Run
from pipeline.ops.roots import STEPS

PAUSE = datetime.timedelta(hours=1)
"""A longer rest between two steps of the same day parts two runs; retries are minutes apart."""


@dataclass(frozen=True)
class RootRun:
    """One run of a root task and the attempts of its steps, in order; the root may only wait."""

    family: str
    date: str
    steps: tuple[Run, ...]

    @property
    def started_at(self) -> datetime.datetime:
        """Return when its first step began."""
        return self.steps[0].began_at

    @property
    def ended_at(self) -> datetime.datetime | None:
        """Return when its last step ended; None while one runs."""
        ends = [step.ended_at for step in self.steps if step.ended_at]
        return None if self.outcome == "RUNNING" else max(ends, default=None)

    @property
    def seconds(self) -> float | None:
        """Return its duration, waits between attempts included."""
        return _seconds(self.started_at, self.ended_at) if self.ended_at else None

    @property
    def last_attempts(self) -> list[Run]:
        """The latest attempt of each step: what became of it."""
        return list({step.task_id: step for step in self.steps}.values())

    @property
    def outcome(self) -> str:
        """DONE once the root is; else RUNNING, FAILED or PENDING by what its steps are."""
        last = {step.outcome for step in self.last_attempts}
        if any(step.family == self.family and step.outcome == "DONE" for step in self.steps):
            return "DONE"
        return next((each for each in ("RUNNING", "FAILED") if each in last), "PENDING")

    @property
    def attempts(self) -> int:
        """Return the greatest number of attempts of one of its steps."""
        tried = Counter(step.task_id for step in self.steps if step.outcome != "PENDING")
        return max(tried.values(), default=0)

    @property
    def reason(self) -> str | None:
        """Why it failed: step and sentence of the latest failure that nothing repaired."""
        failed = [step for step in self.last_attempts if step.outcome == "FAILED"]
        if self.outcome == "DONE" or not failed:
            return None
        return f"{failed[-1].label}: {failed[-1].reason or 'no reason is recorded'}"

    @property
    def slowest_step(self) -> Run | None:
        """The step whose last attempt took longest; None where none has ended."""
        ended = [step for step in self.last_attempts if step.seconds is not None]
        return max(ended, key=lambda step: step.seconds or 0.0, default=None)


def root_runs(family: str, attempts: Iterable[Run]) -> list[RootRun]:
    """Return the runs of a root task that the attempts make up, newest first."""
    by_date: dict[str, list[Run]] = defaultdict(list)
    for attempt in sorted(attempts, key=lambda attempt: attempt.began_at):
        if attempt.family in STEPS[family] and _tells_of_a_run(family, attempt):
            by_date[attempt.params.get("date", "")].append(attempt)
    runs = [
        RootRun(family, date, tuple(steps))
        for date, of_date in by_date.items()
        for steps in _parted(family, of_date)
        if _is_a_run(family, steps, of_date)
    ]
    return sorted(runs, key=lambda run: run.started_at, reverse=True)


def _tells_of_a_run(family: str, attempt: Run) -> bool:
    """Return whether it ran, could not be planned, or is the root that waits; else it was done."""
    is_waiting_root = attempt.family == family and attempt.outcome == "PENDING"
    return attempt.started_at is not None or attempt.outcome == "FAILED" or is_waiting_root


def _is_a_run(family: str, steps: list[Run], of_date: list[Run]) -> bool:
    """Return whether the root was asked for, and not just one of its steps.

    A root that waited in vain leaves the history once it was asked for again: then a failed step
    before that shows that it was.
    """
    end = steps[-1].began_at
    asked_again = any(each.family == family and each.began_at > end for each in of_date)
    failed = any(each.outcome == "FAILED" for each in steps)
    return any(each.family == family for each in steps) or (failed and asked_again)


def _seconds(start: datetime.datetime, end: datetime.datetime) -> float:
    return max(0.0, round((end - start).total_seconds(), 3))  # a clock that was set back


def _parted(family: str, attempts: list[Run]) -> list[list[Run]]:
    """Part one day's attempts where the root was done, or after a long rest."""
    runs: list[list[Run]] = []
    for attempt in attempts:
        if not runs or _parts(family, runs[-1], attempt):
            runs.append([])
        runs[-1].append(attempt)
    return runs


def _parts(family: str, run: list[Run], attempt: Run) -> bool:
    was_done = any(each.family == family and each.outcome == "DONE" for each in run)
    rested_since = max(each.ended_at or each.began_at for each in run)
    return was_done or attempt.began_at - rested_since > PAUSE
