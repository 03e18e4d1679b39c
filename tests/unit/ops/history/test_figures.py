"""The history's attempts in figures, and put together to runs."""

from __future__ import annotations

import datetime
import statistics

import pytest

from pipeline.ops.history.figures import figures, percentile_95
from pipeline.ops.history.queries import Run
from pipeline.ops.roots import STEPS
from pipeline.ops.runs.root_runs import root_runs

BEGIN = datetime.datetime(2024, 1, 7, 2, tzinfo=datetime.UTC)


def attempt(
    family: str,
    start: float,
    seconds: float | None,
    outcome: str = "DONE",
    number: int = 1,
    genre: str | None = None,
    date: str = "2024-01-07",
    reason: str | None = None,
) -> Run:
    """An attempt that began `start` seconds after two o'clock."""
    began = BEGIN + datetime.timedelta(seconds=start)
    ended = None if seconds is None else began + datetime.timedelta(seconds=seconds)
    params = {"date": date} | ({"genre": genre} if genre else {})
    return Run(
        task_id=f"{family}_{date}_{genre}",
        family=family,
        params=params,
        host="here",
        started_at=began,
        ended_at=ended,
        outcome=outcome,
        attempt=number,
        reason=reason,
        recorded_at=began,
    )


def waiting(family: str, at: float) -> Run:
    """A root that was asked for and did not run."""
    facts = vars(attempt(family, at, None, "PENDING"))
    return Run(**{**facts, "started_at": None})


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([7.0], 7.0),
        ([0.0, 10.0], 9.5),
        ([1.0, 2.0, 3.0], 2.9),
        ([float(n) for n in range(101)], 95),
    ],
)
def test_the_95th_percentile_is_right_for_one_two_and_many(
    values: list[float], expected: float
) -> None:
    assert percentile_95(values) == pytest.approx(expected)
    assert statistics.median(values) <= percentile_95(values) <= max(values)


def test_runs_failures_attempts_and_durations_are_counted() -> None:
    [popular] = figures(
        [
            attempt("PopularMovies", 0, 9, "FAILED", 1),
            attempt("PopularMovies", 300, 4, "DONE", 2),
            attempt("PopularMovies", 86400, 2, date="2024-01-08"),
            attempt("PopularMovies", 90000, None, "RUNNING", date="2024-01-09"),
        ]
    )
    assert (popular.runs, popular.failures, popular.attempts) == (3, 1, 4)
    assert (popular.median_seconds, popular.slowest_seconds) == (3, 4)
    assert popular.p95_seconds == pytest.approx(3.9)


def test_a_clock_that_was_set_back_gives_no_negative_duration() -> None:
    [run] = root_runs("DailySummary", [attempt("DailySummary", 0, -3600)])
    assert (run.seconds, run.outcome) == (0, "DONE")
    [summary] = figures([attempt("DailySummary", 0, -3600)])
    assert summary.median_seconds == 0


def test_a_task_that_never_succeeded_has_no_durations() -> None:
    [popular] = figures([attempt("PopularMovies", 0, 9, "FAILED")])
    assert (popular.runs, popular.failures) == (1, 1)
    assert popular.median_seconds is popular.p95_seconds is popular.slowest_seconds is None


def test_a_finished_task_is_not_counted_as_a_run() -> None:
    there = attempt("PopularMovies", 0, 0)
    waited = Run(**{**vars(there), "started_at": None, "outcome": "DONE"})
    assert figures([waited]) == []
    assert root_runs("DailySummary", [waited]) == []


def test_a_day_is_one_run_from_its_first_step_to_its_last() -> None:
    steps = [
        attempt("PopularMovies", 0, 3),
        attempt("TrendingMovies", 3, 1),
        attempt("ValidationReport", 4, 1),
        attempt("DailySummary", 5, 1),
    ]
    [run] = root_runs("DailySummary", reversed(steps))
    assert (run.outcome, run.seconds, run.attempts, run.reason) == ("DONE", 6, 1, None)
    assert run.slowest_step == steps[0]


def test_a_failed_step_fails_the_run_although_its_root_never_began() -> None:
    [run] = root_runs(
        "DailySummary",
        [
            waiting("DailySummary", -1),
            attempt("TrendingMovies", 0, 1),
            attempt("PopularMovies", 1, 2, "FAILED", 1, reason="no network"),
            attempt("PopularMovies", 303, 2, "FAILED", 2, reason="still none"),
        ],
    )
    assert (run.outcome, run.attempts) == ("FAILED", 2)
    assert run.reason == "PopularMovies: still none"


def test_a_failure_that_a_retry_repaired_is_no_failure_of_the_run() -> None:
    [run] = root_runs(
        "DailySummary",
        [
            attempt("PopularMovies", 0, 2, "FAILED", 1, reason="no network"),
            attempt("PopularMovies", 302, 2, "DONE", 2),
            attempt("DailySummary", 305, 1),
        ],
    )
    assert (run.outcome, run.attempts, run.reason, run.seconds) == ("DONE", 2, None, 306)


def test_a_run_that_could_not_be_planned_has_its_reason() -> None:
    planned = attempt("WeeklyConsolidation", 0, 0, "FAILED", reason="TMDB_API_KEY is not set")
    [run] = root_runs("WeeklyConsolidation", [Run(**{**vars(planned), "started_at": None})])
    assert run.outcome == "FAILED"
    assert run.reason == "WeeklyConsolidation: TMDB_API_KEY is not set"


def test_a_run_at_work_has_no_end() -> None:
    [run] = root_runs(
        "WeeklyConsolidation",
        [
            waiting("WeeklyConsolidation", 0),
            attempt("GenreMovies", 0, 2, genre="horror"),
            attempt("GenreMovies", 2, None, "RUNNING", genre="drama"),
        ],
    )
    assert (run.outcome, run.ended_at, run.seconds) == ("RUNNING", None, None)


def test_the_same_day_run_again_after_it_was_done_is_another_run() -> None:
    runs = root_runs(
        "DailySummary",
        [
            attempt("PopularMovies", 0, 1),
            attempt("DailySummary", 1, 1),
            attempt("PopularMovies", 60, 3),
            attempt("DailySummary", 63, 1),
        ],
    )
    assert [run.seconds for run in runs] == [4, 2]


def test_a_step_that_was_run_alone_is_no_run_of_its_root() -> None:
    assert root_runs("DailySummary", [attempt("TrendingMovies", 0, 1)]) == []
    done = [attempt("TrendingMovies", 0, 1), attempt("DailySummary", 1, 1)]
    later = attempt("TrendingMovies", 7200, 1, "FAILED")
    assert len(root_runs("DailySummary", [attempt("TrendingMovies", 7200, 1), *done])) == 1
    assert [run.outcome for run in root_runs("DailySummary", [later, *done])] == ["DONE"]


def test_a_root_task_that_only_waits_is_pending() -> None:
    [run] = root_runs("DailySummary", [waiting("DailySummary", 0)])
    assert (run.outcome, run.attempts, run.slowest_step) == ("PENDING", 0, None)


def test_a_repair_hours_later_is_another_run() -> None:
    runs = root_runs(
        "DailySummary",
        [
            attempt("PopularMovies", 0, 1, "FAILED"),
            attempt("PopularMovies", 4 * 3600, 1),
            attempt("DailySummary", 4 * 3600 + 1, 1),
        ],
    )
    assert [(run.outcome, run.seconds, run.attempts) for run in runs] == [
        ("DONE", 2, 1),
        ("FAILED", 1, 1),
    ]


def test_the_steps_of_a_root_are_those_of_the_graph() -> None:
    import luigi
    from luigi.task import flatten
    from luigi.task_register import Register

    def families(task: luigi.Task) -> set[str]:
        return {task.task_family}.union(*map(families, flatten(task.requires())))

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TMDB_API_KEY", "demo")
        for root, steps in STEPS.items():
            task = Register.get_task_cls(root)(date=datetime.date(2024, 1, 7))
            assert families(task) == set(steps) - {"ListMovies"}
            assert steps[-1] == root
