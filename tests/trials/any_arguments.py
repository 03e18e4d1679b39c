"""Any words behind `luigi --module pipeline` and `tmdb-pipeline`."""

from __future__ import annotations

import os
from typing import NamedTuple

from hypothesis import strategies as st

from trials.any_file import run
from trials.workspaces import TODAY, YESTERDAY, Workspaces

_TODAY = str(TODAY)
_DAYS = st.sampled_from(
    (
        *(_TODAY, _TODAY, _TODAY, str(YESTERDAY), "0000-00-00", "0001-01-01", "0001-01-02"),
        *("0999-12-31", "1000-01-01", "1899-12-31", "9999-12-31", "9999-12-30", "2024-02-30"),
        *("2023-02-29", "-2024-01-07", "2024-01-07T00:00", "20240107", "2024-1-7", "2024-W01-1"),
        *("٢٠٢٤-٠١-٠٧", "２０２４-01-07", "", " ", "today", "2024-01-07 ", "-1", "9" * 5000),
        *("2024–01–07", "\ud800", "\udcff", "2024-01-07\n", "%s", "$(date)", "../../etc/passwd"),
    )
)
_GENRES = (
    *("horror", "horror", "Horror", "no_such", "../x", "../../../etc/passwd", "", " ", "호러"),
    *("a" * 5000, "\udcff", "horror/../horror", "-", "--date", "%s", "horror\n", "popular"),
)
_TASKS = (
    *("DailySummary", "WeeklyConsolidation", "IndexPage", "DailyPage", "WeeklyPage"),
    *("PopularMovies", "TrendingMovies", "TopRatedMovies", "GenreMovies", "ValidationReport"),
    *("WeeklyValidationReport", "RangeDaily", "RangeWeekly", "ListMovies", "PipelineTask"),
    *("NoSuchTask", "Task", "ExternalTask", "", "dailysummary", "--help", "WrapperTask", "Config"),
)
_NUMBERS = st.sampled_from(("1", "2", "0", "-1", "x", "", "1.5", "1e3", "٣", "9" * 400, "nan"))
_ANY_WORD = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20).map(
    lambda text: f"-{text}" if text[:1] == "-" else text
) | st.binary(max_size=8).filter(lambda word: b"\0" not in word).map(os.fsdecode)
_UNKNOWN = ("--no-such-option", "--date=", "--genre=horror", "-x", "--", "--version", "--dat", "@x")


class ArgumentsCase(NamedTuple):
    """One command line."""

    command: tuple[str, ...]


@st.composite
def _luigi(draw: st.DrawFn) -> tuple[str, ...]:
    task = draw(st.sampled_from(_TASKS) | st.sampled_from(_TASKS[:13]))
    words = [task] if task or draw(st.booleans()) else []
    if task.startswith("Range"):
        words += draw(_range())
    elif draw(st.integers(0, 9)):
        words += ["--date", draw(_DAYS)]
    if task == "GenreMovies" or not draw(st.integers(0, 9)):
        words += ["--genre", draw(st.sampled_from(_GENRES))]
    if not draw(st.integers(0, 3)):
        words += ["--workers", draw(_NUMBERS)]
    if not draw(st.integers(0, 9)):
        words += ["--log-level", draw(st.sampled_from(("WARNING", "ERROR", "LOUD", "")))]
    if not draw(st.integers(0, 9)):
        words.append(draw(st.sampled_from(_UNKNOWN) | _ANY_WORD))
    if draw(st.integers(0, 19)):
        words.append("--local-scheduler")
    return ("luigi", *words)


@st.composite
def _range(draw: st.DrawFn) -> list[str]:
    """A range of few days, or one that is none."""
    start, stop = draw(_DAYS), draw(_DAYS)
    if start < "2024-12-31" and start[:1].isdigit():  # centuries of days would be no fault
        stop = start
    words = [
        "--start",
        start,
        *(["--stop", stop] if start != _TODAY or draw(st.booleans()) else []),
    ]
    if not draw(st.integers(0, 3)):
        words += ["--of", draw(st.sampled_from((*_TASKS, "os", "x.y")))]
    if not draw(st.integers(0, 3)):
        words += ["--weekday", draw(st.sampled_from(("sunday", "SUNDAY", "8", "일요일", "")))]
    if not draw(st.integers(0, 5)):
        words += [draw(st.sampled_from(("--days-back", "--task-limit", "--now"))), draw(_NUMBERS)]
    return words


_COMMANDS = (
    *("status", "check", "stats", "doctor", "logs", "open", "watch"),
    *("backup", "restore", "trigger", "luigid", "start", "stop", "x"),
)
_TASK_WORDS = st.sampled_from(
    ("daily", "weekly", "DailySummary", "WeeklyConsolidation", "GenreMovies", "x", "", "--")
)
_LAST = st.sampled_from(("--json", "--runtime=host", "--runtime=x", "--help", "--no-such", "-n"))


@st.composite
def _operate(draw: st.DrawFn) -> tuple[str, ...]:
    name = draw(st.sampled_from(_COMMANDS))
    task = [draw(_TASK_WORDS | _ANY_WORD)]
    day = [draw(_DAYS | _ANY_WORD)]
    number = [draw(_NUMBERS | st.sampled_from(("99999999", "36500", "100000000000")))]
    words = {
        "status": task,
        "check": task + day,
        "stats": ["--days", *number],
        "logs": [*task, "-n", *number],
        "open": [draw(st.sampled_from(("daily", "weekly", "x", ""))), *day],
        "backup": ["--to", *draw(_folders()), "--keep", *number],
        "restore": [*draw(_folders()), "--yes"],
        "trigger": [*task, *day, "--", "--local-scheduler"],
        "luigid": ["--port", *number, "--no-such"],
        "start": ["--no-such", *task],
        "stop": ["--no-such", *task],
        "x": task + day,
    }.get(name, task)
    if draw(st.integers(0, 3)) == 0:
        words = words[: draw(st.integers(0, len(words)))]
        if name in ("start", "stop", "luigid", "restore"):
            words.append("--no-such")
    more = [draw(_LAST | _ANY_WORD)] if draw(st.integers(0, 3)) == 0 else []
    if name in ("start", "stop", "luigid", "trigger"):
        more = []
    before = draw(st.sampled_from(([], [], [], ["--debug"], ["--no-color"], ["--version"])))
    return ("operate", *before, name, *words, *more)


def _folders() -> st.SearchStrategy[list[str]]:
    odd = ("", ".", "/proc", "a" * 5000, "\udcff", "backups", "luigi.cfg", "x/y", "/dev/full")
    return st.sampled_from(odd).map(lambda each: [each])


def arguments_cases(_: Workspaces) -> st.SearchStrategy[ArgumentsCase]:
    """Any command line of either command."""
    return (_luigi() | _operate()).map(ArgumentsCase)


def arguments_outcome(workspaces: Workspaces, case: ArgumentsCase) -> str:
    """Run the case in a workspace of its own; return right or refused.

    Raises:
        AssertionError: neither.
    """
    with workspaces.done() as workspace:
        for path in workspace.data.glob(f"**/daily_summary_{TODAY:%Y%m%d}.*"):
            path.unlink()
        return run(workspace, case.command).judged()
