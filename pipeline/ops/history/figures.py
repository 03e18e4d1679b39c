"""The durations and failures of tasks, counted from the attempts in the history."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipeline.ops.history.queries import Run


@dataclass(frozen=True)
class Figures:
    """A task in figures. Durations are of attempts that succeeded; None where none did."""

    task: str
    runs: int
    failures: int
    attempts: int
    median_seconds: float | None
    p95_seconds: float | None
    slowest_seconds: float | None


def figures(attempts: Iterable[Run]) -> list[Figures]:
    """Return the figures of each task in the attempts, by name."""
    by_family: dict[str, list[Run]] = defaultdict(list)
    for attempt in attempts:
        if attempt.started_at:
            by_family[attempt.family].append(attempt)
    return [_of_a_task(family, by_family[family]) for family in sorted(by_family)]


def percentile_95(values: Sequence[float]) -> float:
    """Return the value below which 95 % lie, between two neighbours where it falls between them."""
    if len(values) == 1:
        return values[0]
    return statistics.quantiles(values, n=20, method="inclusive")[-1]


def _of_a_task(family: str, attempts: Sequence[Run]) -> Figures:
    seconds = [each.seconds for each in attempts if each.outcome == "DONE"]
    known = [each for each in seconds if each is not None]
    return Figures(
        task=family,
        runs=_runs(attempts),
        failures=sum(each.outcome == "FAILED" for each in attempts),
        attempts=len(attempts),
        median_seconds=round(statistics.median(known), 3) if known else None,
        p95_seconds=round(percentile_95(known), 3) if known else None,
        slowest_seconds=max(known, default=None),
    )


def _runs(attempts: Sequence[Run]) -> int:
    """Count the attempts that are no retry: the first of its task, and each after a success."""
    last: dict[str, Run] = {}
    count = 0
    for attempt in sorted(attempts, key=lambda each: each.began_at):
        previous = last.get(attempt.task_id)
        count += previous is None or previous.outcome == "DONE" or attempt.attempt == 1
        last[attempt.task_id] = attempt
    return count
