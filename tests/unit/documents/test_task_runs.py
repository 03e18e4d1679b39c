"""How a day's run went, by its journal: attempts, durations, outcomes."""

from __future__ import annotations

from typing import Any

import pytest

from pipeline.documents.task_runs import runs


def event(task: str, kind: str, second: float) -> dict[str, Any]:
    return {"task": task, "event": kind, "at": f"2024-01-07T02:00:{second:09.6f}+00:00"}


def test_nothing_happened() -> None:
    assert runs([]) == []


def test_a_task_that_was_done() -> None:
    assert runs([event("A", "start", 1), event("A", "done", 3.5)]) == [
        {
            "task": "A",
            "started_at": "2024-01-07T02:00:01.000000+00:00",
            "ended_at": "2024-01-07T02:00:03.500000+00:00",
            "seconds": 2.5,
            "attempts": 1,
            "outcome": "done",
        }
    ]


@pytest.mark.parametrize(
    ("kinds", "attempts", "outcome"),
    [
        (["start"], 1, "running"),
        (["start", "failed"], 1, "failed"),
        (["start", "failed", "start", "done"], 2, "done"),
        (["start", "start", "done"], 2, "done"),
        (["start", "failed", "failed", "start", "failed", "start"], 3, "running"),
        (["start", "done", "start", "done"], 1, "done"),
        (["start", "done", "start", "failed", "start", "done"], 2, "done"),
    ],
)
def test_attempts_are_counted_since_the_task_was_last_done(
    kinds: list[str], attempts: int, outcome: str
) -> None:
    (run,) = runs(event("A", kind, second) for second, kind in enumerate(kinds))
    assert (run["attempts"], run["outcome"]) == (attempts, outcome)


def test_a_clock_that_was_set_back_makes_no_task_of_less_than_no_time() -> None:
    (run,) = runs([event("A", "start", 5), event("A", "done", 2)])
    assert (run["seconds"], run["outcome"]) == (0, "done")


def test_seconds_are_rounded_to_the_millisecond() -> None:
    (run,) = runs([event("A", "start", 1), event("A", "done", 2.123456)])
    assert run["seconds"] == 1.123


def test_tasks_stand_in_the_order_in_which_they_began() -> None:
    made = runs(
        [
            event("B", "start", 1),
            event("A", "start", 2),
            event("B", "failed", 3),
            event("A", "done", 4),
            event("B", "start", 5),
        ]
    )
    assert [each["task"] for each in made] == ["B", "A"]
    assert made[0]["ended_at"] is None
    assert made[0]["seconds"] is None


def test_an_end_without_a_beginning_is_ignored() -> None:
    assert runs([event("A", "done", 1)]) == []
