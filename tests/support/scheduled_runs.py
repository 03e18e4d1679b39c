"""Runs of `tmdb-scheduled`, as cron starts them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.configurations import quick
from support.luigi_runs import Start, process_starter, run_command
from support.receivers import Receiver
from support.repository import REPOSITORY
from trials.plans import small_plan

from pipeline import clock
from pipeline.ops.schedule import installed, overdue
from pipeline.paths import Layout
from pipeline.roots import ROOTS

LUIGI = Path(sys.executable).with_name("luigi")
WRAPPER = Path(sys.executable).with_name("tmdb-scheduled")
TMDB_PIPELINE = Path(sys.executable).with_name("tmdb-pipeline")
DAILY = ["daily", "--", str(LUIGI), "--module", "pipeline", "DailySummary"]
WEEKLY = ["weekly", "--", str(LUIGI), "--module", "pipeline", "WeeklyConsolidation"]
CATCH_UP = ["catch-up", "--", str(LUIGI), "--module", "pipeline"]


# The pages of a day in the small plan of these runs.
PAGES_OF_A_DAY = 3


@pytest.fixture
def variables(
    environment: dict[str, str], clean_environment: Path, receiver: Receiver, tmp_path: Path
) -> dict[str, str]:
    """The variables of a scheduled run: short waits, few pages, alerts to the receiver."""
    plan = small_plan(tmp_path / "small plan")
    shutil.copy(due_since_midnight(tmp_path), plan / "crontab")
    quick(REPOSITORY / "luigi.cfg", clean_environment, local_scheduler="True")
    cfg = quick(REPOSITORY / "config/unattended.cfg", clean_environment)
    return {
        **environment,
        "LUIGI_CONFIG_PATH": str(cfg),
        "TMDB_MAX_RETRIES": "0",
        "PIPELINE_CONFIG_DIR": str(plan),
        "PIPELINE_ALERT_URL": receiver.url,
    }


@pytest.fixture
def start(variables: dict[str, str], clean_environment: Path) -> Iterator[Start]:
    """Start `tmdb-scheduled WORDS`; a variable of None is removed."""
    with process_starter(clean_environment) as start_process:

        def begin(*words: str, **changes: str | None) -> subprocess.Popen[str]:
            return start_process([str(WRAPPER), *words], {**variables, **changes})

        yield begin


@pytest.fixture
def run(variables: dict[str, str], clean_environment: Path) -> Callable[..., tuple[int, str]]:
    """Run `tmdb-scheduled WORDS` to its end; return its status and what it printed."""

    def to_the_end(*words: str, **changes: str | None) -> tuple[int, str]:
        done = run_command([str(WRAPPER), *words], {**variables, **changes}, clean_environment)
        return done.status, done.output

    return to_the_end


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    """The data root of the runs."""
    return Layout(data_dir)


def due_since_midnight(folder: Path) -> Path:
    """Write the crontab with both runs at midnight: today is due at any time that a test runs."""
    text = (REPOSITORY / "config/crontab").read_text(encoding="utf-8")
    path = folder / "due since midnight"
    moved = text.replace("0 2 * * * ", "0 0 * * * ").replace("0 3 * * 0 ", "0 0 * * 0 ")
    path.write_text(moved, encoding="utf-8")
    return path


def leave_nothing_due(layout: Layout) -> None:
    """Write the documents and pages without which a catch-up would start a run."""
    times = installed.schedules(due_since_midnight(layout.root.parent))
    for family, root in ROOTS.items():
        due = overdue.newest_due(root, times[family], clock.now())
        assert due is not None
        for path in (root.document(layout, due.date), root.page(layout, due.date)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}", encoding="utf-8")
