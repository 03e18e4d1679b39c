"""Runs of `tmdb-scheduled`, as cron starts them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.configurations import quick
from support.receivers import Receiver
from support.repository import REPOSITORY

from pipeline.layout import Layout

LUIGI = Path(sys.executable).with_name("luigi")
WRAPPER = Path(sys.executable).with_name("tmdb-scheduled")
TMDB_PIPELINE = Path(sys.executable).with_name("tmdb-pipeline")
DAILY = ["daily", "--", str(LUIGI), "--module", "pipeline", "DailySummary"]
WEEKLY = ["weekly", "--", str(LUIGI), "--module", "pipeline", "WeeklyConsolidation"]
CATCH_UP = ["catch-up", "--", str(LUIGI), "--module", "pipeline"]


@pytest.fixture
def variables(
    environment: dict[str, str], clean_environment: Path, receiver: Receiver
) -> dict[str, str]:
    quick(REPOSITORY / "luigi.cfg", clean_environment, local_scheduler="True")
    cfg = quick(REPOSITORY / "config/unattended.cfg", clean_environment)
    return {
        **environment,
        "LUIGI_CONFIG_PATH": str(cfg),
        "TMDB_MAX_RETRIES": "0",
        "PIPELINE_ALERT_URL": receiver.url,
    }


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(variables: dict[str, str], clean_environment: Path) -> Iterator[Start]:
    """Start `tmdb-scheduled WORDS`; a variable of None is removed."""
    started: list[subprocess.Popen[str]] = []

    def begin(*words: str, **changes: str | None) -> subprocess.Popen[str]:
        changed = {**variables, **changes}
        process = subprocess.Popen(
            [str(WRAPPER), *words],
            env={name: value for name, value in changed.items() if value is not None},
            cwd=clean_environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield begin
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def run(start: Start) -> Callable[..., tuple[int, str]]:
    def to_the_end(*words: str, **changes: str | None) -> tuple[int, str]:
        process = start(*words, **changes)
        output, _ = process.communicate(timeout=100)
        return process.returncode, output

    return to_the_end


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def layout(data_dir: Path) -> Layout:
    return Layout(data_dir)
