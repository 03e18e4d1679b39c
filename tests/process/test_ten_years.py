"""A data root of ten years: nothing reads more of it than in the first months.

A run lists each folder once, for temporaries that a crash left behind. Besides, the index lists the
folders of pages, summaries and weeks; it opens no more of their files.
"""

from __future__ import annotations

import datetime
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.data_roots import DataRoots

from pipeline.paths import Layout

TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)
SOME_DAYS, TEN_YEARS = 250, 3650
"""All that ever looks back has something to find in the first, too."""

CHANCE = re.compile(r"\.[0-9a-f]{8}\.tmp$")
"""What differs in the names of temporaries."""

SPY = """
import atexit, json, os, sys
root, report, script, *words = sys.argv[1:]
seen = []
def hook(event, arguments):
    if event in ("open", "os.listdir", "os.scandir") and arguments:
        path = arguments[0]
        if isinstance(path, (str, os.PathLike)) and str(path).startswith(root):
            seen.append([event, str(path)[len(root) + 1:]])
def tell():
    known = list(seen)
    with open(report, "w") as stream:
        json.dump(known, stream)
atexit.register(tell)
sys.addaudithook(hook)
sys.argv = [script, *words]
exec(compile(open(script).read(), script, "exec"), {"__name__": "__main__"})
"""
"""Runs a script of the environment, and tells which files and folders it opened below a root."""


@pytest.fixture(scope="module")
def roots(
    data_roots: DataRoots, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[int, Path]]:
    """Roots of so many days, in which yesterday was collected and drawn as a day and as a week."""
    tasks = ("DailySummary", "WeeklyConsolidation", "IndexPage")
    one_day = data_roots.root(*((task, f"{YESTERDAY}") for task in tasks))
    made = {days: tmp_path_factory.mktemp(f"days{days}") for days in (SOME_DAYS, TEN_YEARS)}
    for days, root in made.items():
        many(one_day, root, days)
    yield made
    for root in made.values():
        shutil.rmtree(root)


def many(one_day: Path, root: Path, days: int) -> None:
    """Have the documents of one day stand for each of so many days."""
    shutil.copytree(one_day, root, dirs_exist_ok=True, ignore=lambda *_: {"logs", "reports"})
    files = [path for path in root.rglob(f"*{YESTERDAY:%Y%m%d}*") if path.is_file()]
    for number in range(1, days):
        day = YESTERDAY - datetime.timedelta(days=number)
        for path in files:
            os.link(path, path.with_name(path.name.replace(f"{YESTERDAY:%Y%m%d}", f"{day:%Y%m%d}")))


def opened(root: Path, plan: Path, folder: Path, script: str, *words: str) -> list[tuple[str, str]]:
    """What a command opened or listed below the root, besides its logs."""
    report = folder / "opened.json"
    command = Path(sys.executable).with_name(script)
    done = subprocess.run(
        [sys.executable, "-c", SPY, str(root), str(report), str(command), *words],
        env={
            **os.environ,
            "TMDB_API_KEY": "demo",
            "PIPELINE_CONFIG_DIR": str(plan),
            "PIPELINE_DATA_DIR": str(root),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    seen = json.loads(report.read_text())
    return [(event, CHANCE.sub(".tmp", path)) for event, path in seen if "logs" not in path]


def listed(seen: list[tuple[str, str]]) -> list[str]:
    return sorted(path for event, path in seen if event != "open")


def swept(roots: dict[int, Path]) -> list[str]:
    """The folders that each run lists once where they exist."""
    root = roots[TEN_YEARS]
    folders = (path.relative_to(root).as_posix() for path in Layout(root).published_folders)
    return sorted(folder.removeprefix(".") for folder in folders)


def luigi(task: str) -> tuple[str, ...]:
    return ("luigi", "--module", "pipeline", task, "--date", str(TODAY), "--local-scheduler")


@pytest.mark.parametrize(
    "command",
    [luigi("DailySummary"), luigi("WeeklyConsolidation"), ("tmdb-pipeline", "status")],
    ids=["day", "week", "status"],
)
def test_ten_years_are_handled_like_the_first_months(
    roots: dict[int, Path], data_roots: DataRoots, tmp_path: Path, command: tuple[str, ...]
) -> None:
    plan = data_roots.small_plan
    before, after = (opened(root, plan, tmp_path, *command) for root in roots.values())
    folders = swept(roots) if command[0] == "luigi" else []
    assert set(listed(after)) <= set(folders)  # those that exist, each once
    assert len(listed(after)) == len(set(listed(after)))
    assert Counter(before) == Counter(after)
    assert before or command[0] != "luigi"


def test_the_index_of_ten_years_opens_no_more_files(
    roots: dict[int, Path], data_roots: DataRoots, tmp_path: Path
) -> None:
    plan = data_roots.small_plan
    for root in roots.values():
        Layout(root).index_page.unlink(missing_ok=True)
    before, after = (opened(root, plan, tmp_path, *luigi("IndexPage")) for root in roots.values())
    assert set(listed(after)) <= set(swept(roots))
    assert Counter(before) == Counter(after)
    assert 26 < len(before) < 600  # with the pages that other tests made stale
