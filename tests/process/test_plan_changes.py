"""A run that finds a day done by another plan says once what differs and how to collect again."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support.data_roots import DataRoots
from support.luigi_runs import LuigiRun, Run
from support.repository import REPOSITORY

DATE = "2024-01-07"
CONFIG = str(REPOSITORY / "config")
HORROR = '    { id = 27,    slug = "horror",          name = "공포" },\n'

Planned = Callable[..., Run]


@pytest.fixture
def planned(luigi_run: LuigiRun, tmp_path: Path) -> Planned:
    """Run a task by our plan, in which texts are replaced by others."""
    folder = tmp_path / "config"
    shutil.copytree(REPOSITORY / "config", folder)
    ours = (folder / "collection.toml").read_text(encoding="utf-8")

    def run(task: str, **changes: str) -> Run:
        text = ours
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        (folder / "collection.toml").write_text(text, encoding="utf-8")
        done = luigi_run(
            *(task, "--date", DATE), TMDB_API_KEY="demo", PIPELINE_CONFIG_DIR=str(folder)
        )
        assert done.status == 0, done.output
        return done

    return run


def warnings(run: Run) -> list[str]:
    return [line for line in run.err.splitlines() if "collection.toml has changed" in line]


def test_other_pages_of_a_day_that_is_done_are_warned_of_once(
    planned: Planned, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("DailySummary", DATE), PIPELINE_CONFIG_DIR=CONFIG)
    assert warnings(planned("DailySummary")) == []
    (warning,) = warnings(planned("DailySummary", **{"popular = 5": "popular = 3"}))
    assert "raw/movies/daily/popular_movies_20240107.json" in warning
    assert "daily_summary_20240107.json" in warning
    assert "trending" not in warning


@pytest.mark.parametrize(
    ("old", "new", "file"),
    [
        ("genre = 15", "genre = 2", "raw/movies/genre/action_20240107.json"),
        ("min_rating = 7.5", "min_rating = 8.0", "raw/movies/weekly/top_rated_20240107.json"),
        (HORROR, "", "raw/movies/genre/horror_20240107.json"),
        (HORROR, HORROR + HORROR.replace("27", "37").replace("horror", "western"),
         "raw/movies/genre/western_20240107.json"),
        ("id = 27,", "id = 28000,", "raw/movies/genre/horror_20240107.json"),
    ],
)  # fmt: skip
def test_another_plan_of_a_week_that_is_done_is_warned_of_once(
    planned: Planned, data_dir: Path, data_roots: DataRoots, old: str, new: str, file: str
) -> None:
    data_roots.copy(data_dir, ("WeeklyConsolidation", DATE), PIPELINE_CONFIG_DIR=CONFIG)
    (warning,) = warnings(planned("WeeklyConsolidation", **{old: new}))
    differing, _, delete = warning.partition("To collect them again")
    assert file in differing
    assert (file in delete) == ("horror" not in old or "28000" in new)  # a list that is collected
    assert "consolidated_week_1_20240107.json" in delete


def test_what_the_warning_says_collects_again(
    planned: Planned, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("DailySummary", DATE), PIPELINE_CONFIG_DIR=CONFIG)
    changed = {"popular = 5": "popular = 3"}
    (warning,) = warnings(planned("DailySummary", **changed))
    files = warning.partition("delete ")[2].partition(" below ")[0].split(", ")
    for name in files:
        (data_dir / name).unlink()
    again = planned("DailySummary", **changed)
    assert warnings(again) == []
    assert "60 movies" in again.out
