"""A year of runs with a clock that is moved: what has expired is in no file."""

from __future__ import annotations

import datetime
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.data_roots import DataRoots
from support.luigi_runs import run_command
from support.moved_clock import SetClock
from support.operate import Operate
from support.repository import REPOSITORY

FIRST = datetime.date(2024, 1, 7)  # a Sunday
DATES = [FIRST + datetime.timedelta(days=28 * number) for number in range(14)]
RUN_TASKS = REPOSITORY / "tests/golden/run_tasks.py"  # each on the morning of its date
TASKS = ("DailySummary", "WeeklyConsolidation", "IndexPage", "LoadWarehouse", "TrendsPage")
LIMIT = datetime.timedelta(days=180)


def titles_of(root: Path, date: datetime.date) -> Iterator[str]:
    for path in root.glob(f"raw/movies/*/*_{date:%Y%m%d}.json"):
        for movie in json.loads(path.read_bytes())["movies"]:
            yield movie["title"]


def words_in(root: Path) -> Iterator[tuple[Path, str]]:
    """Every file below the data root, as text; JSON and HTML hold titles as they are."""
    for path in root.rglob("*"):
        if path.is_file():
            yield path, path.read_bytes().decode(errors="replace")


@pytest.mark.timeout(300)
def test_no_title_is_in_any_file_once_all_its_lists_have_expired(
    environment: dict[str, str],
    clean_environment: Path,
    command: Operate,
    data_dir: Path,
    data_roots: DataRoots,
    set_clock: SetClock,
) -> None:
    settings = {
        "TMDB_API_KEY": "demo",
        "TMDB_API_URL": "",
        "PIPELINE_CONFIG_DIR": str(data_roots.small_plan),
    }
    titles: dict[datetime.date, set[str]] = {}
    expired = 0
    for date in DATES:
        set_clock(f"{date}T12:00:00")
        runs = [f"{task}={date}" for task in TASKS]
        variables = {**environment, **settings, "PYTHONPATH": str(REPOSITORY)}
        words = [sys.executable, "-P", str(RUN_TASKS), "pipeline.luigi_cli:luigi", *runs]
        run = run_command(words, variables, clean_environment)
        assert run.status == 0, run.output
        titles[date] = set(titles_of(data_dir, date))
        assert command("prune", "--yes", **settings).status == 0

        kept = set().union(*(titles[day] for day in titles if date - day <= LIMIT))
        gone = set().union(*(titles[day] for day in titles if date - day > LIMIT)) - kept
        expired += len(gone)
        assert {
            (path.relative_to(data_dir).as_posix(), title)
            for path, text in words_in(data_dir)
            for title in gone
            if len(title) > 8 and title in text
        } == set()
        shown = {title for title in kept if any(title in text for _, text in words_in(data_dir))}
        assert len(shown) > 0.9 * len(kept), "the search finds what is there"
    assert expired > 100
