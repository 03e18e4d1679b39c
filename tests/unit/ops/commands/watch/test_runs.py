"""`runs`, `runs show`, `logs --run` and `status --grid` on a data root of sixty days."""

from __future__ import annotations

import datetime

import click
import msgspec
import pytest
from support import sixty_days as support
from support.operate import Operate, document
from support.sixty_days import FAILED, GAP, LAST, LATE, REJECTED, day

from pipeline.catalog import plan_from
from pipeline.ops import cli
from pipeline.ops.commands import options
from pipeline.ops.commands.watch import grid, runs
from pipeline.ops.schedule import installed
from pipeline.pages.task_grid import find_state
from pipeline.paths import Layout
from pipeline.retention.deleted import Deleted
from pipeline.settings import current

NOW = datetime.datetime.combine(LAST, datetime.time(20), datetime.UTC)


def widest(text: str) -> int:
    return max(map(len, text.splitlines()))


def test_the_newest_runs_are_listed_first_in_eighty_columns(
    command: Operate, sixty_days: Layout
) -> None:
    shown = command("runs")
    assert shown.status == 0, shown.output
    assert widest(shown.out) <= 80
    rows = document(command("runs", "--json"))["runs"]
    assert len(rows) == 20
    assert [each["outcome"] for each in rows[:3]] == ["RUNNING", "SKIPPED", "DONE"]
    starts = [each["started_at"] for each in rows]
    assert starts[0] > starts[-1]


def test_runs_are_chosen_by_task_day_and_outcome(command: Operate, sixty_days: Layout) -> None:
    assert document(command("runs", "--task", "PopularMovies", "--json"))["runs"]
    weekly = document(command("runs", "--task", "weekly", "--limit", "99", "--json"))["runs"]
    assert {each["task"] for each in weekly} == {"WeeklyConsolidation"}
    assert len(weekly) == 9
    failed = command("runs", "--failed")
    assert "HTTP status 503" in failed.out
    assert widest(failed.out) <= 80
    since = ("runs", "--failed", "--since", str(day(REJECTED)), "--json")
    [only] = document(command(*since))["runs"]
    assert only["date"] == str(day(REJECTED))
    assert "No such run is recorded." in command("runs", "--since", "2999-01-01").out


def test_a_run_is_shown_by_the_beginning_of_its_id(command: Operate, sixty_days: Layout) -> None:
    began = f"{day(FAILED):%Y%m%d}T020000Z"
    shown = command("runs", "show", began)
    assert shown.status == 0, shown.output
    assert widest(shown.out) <= 80
    for text in (f"{began}_DailySummary_4321", "FAILED", "schedule", "luigid", "PopularMovies"):
        assert text in shown.out
    run = document(command("runs", "show", began, "--json"))["run"]
    assert (run["requests"], run["retries"], run["reason"]) == (6, 3, support.WHY_FAILED)
    assert run["tasks"][0]["attempts"] == 4


@pytest.mark.parametrize(
    ("run_id", "sentence"),
    [("2026", "Several runs begin with '2026'"), ("1999", "There is no run '1999' in the record")],
)
def test_an_id_that_is_of_no_one_run_says_so(
    command: Operate, sixty_days: Layout, run_id: str, sentence: str
) -> None:
    for words in (("runs", "show", run_id), ("logs", "--run", run_id)):
        shown = command(*words)
        assert shown.status == 1
        assert sentence in shown.err


def test_the_log_of_a_run_is_printed(command: Operate, sixty_days: Layout) -> None:
    shown = command("logs", "--run", f"{day(5):%Y%m%d}T02")
    assert shown.status == 0, shown.output
    assert f"DailySummary of {day(5)}: status 0" in shown.out


def test_the_grid_shows_what_became_of_each_date(
    sixty_days: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    times = installed.schedules(current().config_dir / "crontab")
    built = grid.build(sixty_days, plan_from({}), times, NOW, 9)
    daily = next(row["states"] for row in built["grid"] if row["task"] == "daily")
    expected = {day(back): "done" for back in range(60)}
    expected |= {day(back): "late" for back in LATE} | {day(back): "missing" for back in GAP}
    expected |= {day(FAILED): "failed", day(REJECTED): "rejected"}
    assert daily == {str(date): state for date, state in sorted(expected.items())}
    weekly = next(row["states"] for row in built["grid"] if row["task"] == "weekly")
    assert list(weekly.values()) == ["done"] * 9
    assert [(each["state"], each["reason"]) for each in built["reasons"]] == [
        ("failed", support.WHY_FAILED),
        ("rejected", support.WHY_REJECTED),
    ]


def test_the_grid_fits_a_terminal_and_explains_its_signs(
    command: Operate, sixty_days: Layout
) -> None:
    for weeks in ("8", "60"):
        shown = command("status", "--grid", "--weeks", weeks)
        assert shown.status == 0, shown.output
        assert widest(shown.out) <= 80
        assert "L=late" in shown.out
    assert "answered with" in shown.out
    found = document(command("status", "--grid", "--json"))
    assert found["grid"][0]["task"] == "daily"


def test_a_deleted_date_is_not_missing(sixty_days: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    line = Deleted(task="DailySummary", date=day(GAP[0]), deleted_at=NOW)
    sixty_days.deleted.write_bytes(msgspec.json.encode(line) + b"\n")
    times = installed.schedules(current().config_dir / "crontab")
    built = grid.build(sixty_days, plan_from({}), times, NOW, 9)
    assert built["grid"][0]["states"][str(day(GAP[0]))] == "deleted"
    assert built["grid"][0]["states"][str(day(GAP[1]))] == "missing"


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        (("missing",), "missing"),
        (("missing", "failed"), "failed"),
        (("missing", "failed", "running"), "running"),
        (("missing", "paused"), "paused"),
        (("missing", "failed", "rejected"), "rejected"),
        (("missing", "failed", "deleted"), "deleted"),
        (("rejected", "running", "done"), "done"),
        (("done", "late"), "late"),
        ((), ""),
    ],
)
def test_of_several_states_of_a_date_the_most_telling_one_is_shown(
    states: tuple[str, ...], shown: str
) -> None:
    known = {state: [LAST] for state in states} | {"deleting": [LAST]}
    assert find_state(known, LAST) == shown
    assert find_state(known, day(1)) == ""


def test_the_stack_is_asked_by_the_whole_command() -> None:
    parent = click.Context(cli.group, info_name="tmdb-pipeline")
    context = click.Context(runs.command, parent, info_name="runs")
    context.params = {"action": "show", "run_id": "2026", "limit": 20, "as_json": True}
    assert options._words(context) == ["runs", "show", "2026"]
