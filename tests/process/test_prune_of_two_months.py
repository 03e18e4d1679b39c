"""prune as processes, on sixty days and nine weeks of which the older half has expired."""

from __future__ import annotations

import datetime
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support import sixty_days
from support.luigi_runs import installed
from support.operate import Operate, document

from pipeline import clock
from pipeline.paths import Layout
from pipeline.retention import deleted


@pytest.fixture(scope="session")
def old_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Documents of the days from some 215 to some 155 days ago."""
    last = clock.today() - datetime.timedelta(days=150)
    last -= datetime.timedelta(days=last.isoweekday() % 7)
    return sixty_days.make(tmp_path_factory.mktemp("old") / "data", last).root


@pytest.fixture
def layout(old_root: Path, data_dir: Path) -> Layout:
    """A copy of them as the data root of the test."""
    shutil.copytree(old_root, data_dir, dirs_exist_ok=True)
    return Layout(data_dir)


@pytest.fixture
def operator_environment(operator_environment: dict[str, str]) -> dict[str, str]:
    """The settings of that data root."""
    return {**operator_environment, "TMDB_API_KEY": "demo", "TMDB_API_URL": ""}


def planned(operate: Operate) -> list[dict[str, Any]]:
    """Return the files that would be deleted, in that order."""
    shown = operate("prune", "--dry-run", "--json")
    assert shown.status == 0, shown.output
    files: list[dict[str, Any]] = document(shown)["files"]
    return files


def files_of(layout: Layout) -> set[str]:
    return {layout.relative(path) for path in layout.root.rglob("*") if path.is_file()}


def dates_of(files: list[dict[str, Any]]) -> Iterator[str]:
    for each in files:
        if each["kind"] == "report or page" and each["file"].endswith(".json"):
            family = "WeeklyConsolidation" if "week" in each["file"] else "DailySummary"
            yield f"{family} {Path(each['file']).stem[-8:]}"


def test_half_of_it_is_deleted_and_shown_in_eighty_columns(
    layout: Layout, operate: Operate
) -> None:
    files = planned(operate)
    names = {each["file"] for each in files}
    before = files_of(layout)
    assert 100 < len(names) < len(before) - 100
    shown = operate("prune", "--dry-run")
    assert shown.status == 0, shown.output
    assert files_of(layout) == before

    done = operate("prune", "--yes")

    assert done.status == 0, done.output
    for line in (*shown.output.splitlines(), *done.output.splitlines()):
        assert len(line) <= 80, line
    assert before - files_of(layout) == names
    assert planned(operate) == []
    nothing = operate("prune", "--yes", "--json")
    assert (document(nothing)["deleted"], document(nothing)["files"]) == (True, [])


def test_deleted_dates_are_shown_as_deleted(layout: Layout, operate: Operate) -> None:
    assert operate("prune", "--yes").status == 0
    grid = document(operate("status", "--grid", "--weeks", "40", "--json"))["grid"]
    (daily,) = (row["states"] for row in grid if row["task"] == "daily")
    gone = {str(date) for task, date in deleted.dates(layout) if task == "DailySummary"}
    assert len(gone) > 20
    assert {daily[date] for date in gone} == {"deleted"}


@pytest.mark.parametrize("share", [0.0, 0.4, 0.8])
def test_the_next_prune_finishes_one_that_was_killed(
    layout: Layout, operate: Operate, operator_environment: dict[str, str],
    clean_environment: Path, share: float,
) -> None:  # fmt: skip
    files = planned(operate)
    watched = layout.root / files[int(share * len(files))]["file"]
    process = subprocess.Popen(
        [installed("tmdb-pipeline"), "prune", "--yes"], env=operator_environment,
        cwd=clean_environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while watched.exists() and process.poll() is None:
        pass
    process.kill()
    assert process.wait(30) == -signal.SIGKILL
    assert not watched.exists()

    done = operate("prune", "--yes", "--json")

    assert done.status == 0, done.output
    assert document(done)["problem"] is None
    assert [each["file"] for each in files if (layout.root / each["file"]).exists()] == []
    assert planned(operate) == []
    lines = [f"{each.task} {each.date:%Y%m%d}" for each in deleted.read(layout)]
    assert sorted(lines) == sorted(set(dates_of(files)))
    assert layout.index_page.exists()
