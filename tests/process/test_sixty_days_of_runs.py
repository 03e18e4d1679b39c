"""The commands that run and repair, as an operator types them after sixty days and nine weeks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from support.configurations import quick
from support.luigi_runs import Run
from support.operate import Operate, document
from support.repository import REPOSITORY
from support.sixty_days import FAILED, GAP, LAST, REJECTED, day

from pipeline.paths import Layout

FIRST = day(59)
LACKING = [str(day(back)) for back in sorted((*GAP, FAILED, REJECTED), reverse=True)]
RANGE = ("--from", str(FIRST), "--to", str(LAST))

Call = Callable[..., Run]


@pytest.fixture
def call(operate: Operate, sixty_days: Layout, tmp_path: Path) -> Call:
    """Run a command on that data root, which was collected from the embedded catalogue."""
    cfg = quick(REPOSITORY / "config/unattended.cfg", tmp_path)

    def run(*words: str) -> Run:
        given = {"TMDB_API_KEY": "demo", "TMDB_API_URL": None, "LUIGI_CONFIG_PATH": str(cfg)}
        return operate(*words, "--runtime", "host", timeout=300, **given)

    return run


def fits(run: Run) -> bool:
    """Return whether each line fits a terminal of 80 columns."""
    return max(map(len, run.output.splitlines()), default=0) <= 80


def test_a_backfill_shows_what_is_missing_and_runs_it(call: Call, sixty_days: Layout) -> None:
    shown = call("backfill", "daily", *RANGE, "--dry-run")
    assert shown.status == 0, shown.output
    assert fits(shown), shown.output
    assert [line.split() for line in shown.out.splitlines()[-5:]] == [
        [date, "document"] for date in LACKING
    ]
    gap = [str(day(back)) for back in reversed(GAP)]
    words = ("backfill", "daily", "--from", gap[0], "--to", gap[-1])
    run = call(*words)
    assert run.status == 0, run.output
    assert fits(run), run.output
    assert [line.split("  ")[:2] for line in run.out.splitlines()] == [[e, "done"] for e in gap]
    again = document(call(*words, "--json"))
    assert (again["ok"], again["days"]) == (True, [])
    left = document(call("backfill", "daily", *RANGE, "--dry-run", "--json"))["days"]
    assert [each["date"] for each in left] == [e for e in LACKING if e not in gap]


def test_a_backfill_says_that_the_schedule_is_paused(call: Call) -> None:
    paused = call("pause", "daily", "--until", "2999-01-01")
    assert paused.out == (
        "DailySummary: Paused until 2999-01-01. `tmdb-pipeline run daily` works as before.\n"
    )
    run = call("backfill", "daily", "--from", LACKING[0], "--to", LACKING[0])
    assert run.status == 0, run.output
    assert "The schedule of DailySummary is paused" in run.err
    assert fits(run), run.output
    resumed = document(call("resume", "daily", "--json"))
    assert resumed == {"task": "DailySummary", "paused": False, "was_paused": True}
    assert call("resume", "daily").out == "DailySummary was not paused.\n"
    as_json = document(call("pause", "weekly", "--json"))
    assert as_json == {"task": "WeeklyConsolidation", "paused": True, "until": None}


def test_a_date_that_failed_is_run(call: Call, sixty_days: Layout) -> None:
    run = call("run", "daily", str(day(FAILED)))
    assert run.status == 0, run.output
    assert sixty_days.daily_summary(day(FAILED)).exists()
    assert sixty_days.daily_page(day(FAILED)).exists()


def test_a_missed_date_is_acknowledged(call: Call) -> None:
    first, second = (str(day(back)) for back in GAP[:2])
    run = call("acknowledge", first)
    assert run.out == f"DailySummary of {first} is acknowledged and no longer reported as missed.\n"
    assert fits(run)
    as_json = document(call("acknowledge", second, "daily", "--json"))
    assert as_json == {"date": second, "acknowledged": ["DailySummary"]}
    refused = call("acknowledge", str(LAST))
    assert (refused.status, refused.out) == (1, "")
    assert f"No document of {LAST} is missed" in refused.err


@pytest.mark.parametrize(
    ("words", "moved"),
    [
        (("ValidationReport", str(LAST)), 3),
        (("WeeklyConsolidation", str(LAST)), 2),
        (("WeeklyValidationReport", str(LAST), "--only"), 1),
        (("GenreMovies", str(LAST), "--genre", "horror", "--late"), 4),
        (("TopRatedMovies", str(LAST), "--late"), 4),
        (("DailyPage", str(LAST)), 1),
        (("IndexPage", str(LAST)), 0),
    ],
)
def test_a_redo_shows_what_it_would_do_and_does_nothing(
    call: Call, sixty_days: Layout, words: tuple[str, ...], moved: int
) -> None:
    before = sorted(sixty_days.root.rglob("*.*"))
    shown = call("redo", *words, "--dry-run")
    assert shown.status == 0, shown.output
    assert fits(shown), shown.output
    (plan,) = document(call("redo", *words, "--dry-run", "--json"))["redone"]
    assert len(plan["moved"]) == moved, plan
    lines = shown.out.splitlines()
    assert lines[0] == f"{plan['task']} of {LAST}"
    again = [line.split()[1] for line in lines[1:] if line.startswith("  again  ")]
    new = [line.split()[1] for line in lines[1:] if line.startswith("  new    ")]
    assert (again, new) == (plan["moved"], plan["made"])
    after = sorted(path for path in sixty_days.root.rglob("*.*") if path.suffix != ".lock")
    assert after == before


def test_what_failed_long_ago_is_left_out_unless_it_may_be_late(call: Call) -> None:
    shown = call("redo", "--failed", "--dry-run")
    assert (shown.status, shown.out) == (0, "")
    assert f"Left out: DailySummary of {day(FAILED)}." in shown.err
    assert fits(shown), shown.output
    redone = document(call("redo", "--failed", "--late", "--dry-run", "--json"))["redone"]
    assert [each["date"] for each in redone] == [str(day(FAILED)), str(day(REJECTED))]
    assert {each["status"] for each in redone} == {None}


def test_what_a_redo_cannot_do_is_one_sentence(call: Call) -> None:
    for words, said in (
        (("PopularMovies", str(LAST)), "add --late to collect them as they are now"),
        (("GenreMovies", str(LAST), "--genre", "nonsense"), "of the genre nonsense"),
        (("PopularMovies",), "Give TASK and DATE, or --failed."),
        (("PopularMovies", str(LAST), "--failed"), "Give TASK and DATE, or --failed."),
    ):
        run = call("redo", *words, "--yes")
        assert run.status in (1, 2), run.output
        assert said in run.err
        assert "Traceback" not in run.err
