"""However the module is named, a run of ours has its log, its messages and its exit status."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from support.luigi_runs import installed, run_command


@pytest.mark.parametrize(
    "words",
    [
        ["--module", "pipeline"],
        ["--module=pipeline.tasks.daily"],
        ["--m=pipeline"],
        ["--mo", "pipeline.tasks"],
    ],
)
def test_a_failure_is_one_sentence_and_a_status_outside_the_checkout(
    clean_environment: Path, words: list[str]
) -> None:
    command = [installed("luigi"), *words, "DailySummary", "--date", "2024-01-07"]
    run = run_command([*command, "--local-scheduler"], os.environ, clean_environment)
    assert run.status == 35, run.output
    assert "TMDB_API_KEY is not set" in run.err
    assert "Traceback" not in run.output
    (log,) = (clean_environment / "data/logs").glob("*.log")
    assert "Ended with status 35" in log.read_text(encoding="utf-8")
