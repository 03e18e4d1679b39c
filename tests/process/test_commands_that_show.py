"""The commands that show something, as a user runs them on a data root of sixty days."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.operate import Operate
from support.sixty_days import FAILED, GAP, LATE, REJECTED, day

from pipeline.paths import Layout

FAILED_RUN = f"{day(FAILED):%Y%m%d}T020000Z"


@pytest.mark.parametrize(
    ("words", "keys", "texts"),
    [
        ("status", "services last_runs next_runs overdue missed acknowledged",
         ["What runs now is not known", "No schedule is installed.", "SKIPPED"]),
        ("status GenreMovies", "services last_runs", ["GenreMovies(horror)", "DONE"]),
        ("status --grid --weeks 60", "from to grid reasons",
         ["L=late", "\ndaily ", "\n trending ", "\n science_fiction ", "HTTP status"]),
        ("status --weeks 60 weekly", "grid", ["\nweekly "]),
        ("runs", "runs", ["Runs, newest first", "RUNNING", "1 min 15 s"]),
        ("runs --failed", "runs", [f"{FAILED_RUN}: PopularMovies failed: TMDB answered"]),
        (f"runs show {FAILED_RUN}", "run", ["reason      PopularMovies failed", "\nTasks\n"]),
        (f"runs show {day(3):%Y%m%d}T02", "run", ["DONE", "\nDocuments\n"]),
        (f"explain daily {day(3)}", "date files", ["DailySummary", ": done\n", "  run: "]),
        (f"explain daily {day(FAILED)}", "files", ["last attempt: FAILED", "next: 2 list(s)"]),
        (f"explain daily {day(REJECTED)}", "files", ["popular was rejected"]),
        (f"explain daily {day(LATE[0])}", "files", ["  late: yes\n"]),
        (f"explain daily {day(GAP[0])}", "files", ["missing", "next: 2 list(s)"]),
        (f"explain GenreMovies {day(0)}", "files", ["GenreMovies(science_fiction)"]),
        ("check", "ok problems settings graph", ["The configuration is usable."]),
        (f"check daily {day(GAP[0])}", "graph done missing", ["0 files done, 4 missing"]),
        (f"check weekly {day(0)}", "graph", ["11 files done", "(science_fiction)  done"]),
        ("doctor", "ok findings", ["What was looked at", "\nHow to fix it\n", "retention"]),
        ("stats --days 36500", "days since runs tasks", ["WeeklyConsolidation  9", "GenreMovies"]),
    ],
)  # fmt: skip
def test_each_line_fits_a_terminal_and_json_is_whole(
    operate: Operate, sixty_days: Layout, words: str, keys: str, texts: list[str]
) -> None:
    shown, asked = operate(*words.split(), TZ="UTC"), operate(*words.split(), "--json", TZ="UTC")
    assert shown.status == asked.status
    assert max(map(len, shown.out.splitlines())) <= 80, shown.out
    assert [text for text in texts if text not in shown.out] == [], shown.out
    assert set(keys.split()) <= json.loads(asked.out).keys()
    assert "Traceback" not in shown.output + asked.output


@pytest.mark.parametrize(
    ("words", "status", "sentence"),
    [
        (f"logs --run {FAILED_RUN}", 0, f"DailySummary of {day(FAILED)}: status 30"),
        ("logs --run daily", 1, "There is no run 'daily': `tmdb-pipeline runs` lists the runs."),
        ("logs --run PopularMovies", 1, "There is no run 'PopularMovies'"),
        ("logs --run 1999", 1, "There is no run '1999' in the record"),
        ("runs show", 2, "`runs show` needs the ID of a run, and chooses from no others."),
        (f"runs --failed show {FAILED_RUN}", 2, "`runs show` needs the ID of a run"),
        (f"runs shw {FAILED_RUN}", 2, "'shw' is not 'show'"),
    ],
)
def test_the_log_of_a_run_is_shown_by_its_id_alone(
    operate: Operate, sixty_days: Layout, words: str, status: int, sentence: str
) -> None:
    run = operate(*words.split())
    assert (run.status, sentence in run.output) == (status, True), run.output


def test_options_before_and_behind_show_mean_the_same(operate: Operate, sixty_days: Layout) -> None:
    before = json.loads(operate("runs", "--json", "show", FAILED_RUN).out)
    behind = json.loads(operate("runs", "show", FAILED_RUN, "--json").out)
    assert before == behind
    assert before["run"]["outcome"] == "FAILED"


def test_next_runs_are_announced_where_a_schedule_is_installed(
    operate: Operate, sixty_days: Layout, operator_environment: dict[str, str], tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    line = "45 6 * * * tmdb-scheduled daily -- luigi --module pipeline DailySummary"
    (programs / "crontab").write_text(f"#!/bin/sh\necho '{line}'\n")
    (programs / "crontab").chmod(0o755)
    shown = operate("status", PATH=f"{programs}:{operator_environment['PATH']}", TZ="UTC").out
    assert "06:45 UTC" in shown.partition("Next by the schedule")[2]
    assert "No schedule is installed." not in shown
    assert "Next by the schedule" not in operate("status", TZ="UTC").out
