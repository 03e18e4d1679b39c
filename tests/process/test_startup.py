"""However the module is named, a run of ours is a run of ours: log, messages, exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline import startup

LUIGI = str(Path(sys.executable).with_name("luigi"))
OURS = [
    ["--module", "pipeline"],
    ["--module=pipeline"],
    ["--module", "pipeline.tasks.daily"],
    ["--module=pipeline.tasks.daily"],
    ["--mod", "pipeline"],
    ["--m=pipeline"],
    ["--mo", "pipeline.tasks"],
    ["--module", "os", "--module", "pipeline"],
    ["--module", "os", "--mod=pipeline.tasks.daily"],
]
OTHERS = [
    [],
    ["--module", "os"],
    ["--module", "pipelines"],
    ["--module", "pipeline_of_mine.tasks"],
    ["--mod", "os.path"],
    ["--module", "pipeline", "--module", "os"],
    ["--task", "--module pipeline"],
    ["--modules", "pipeline"],
    ["--", "--module", "pipeline"],
    ["--module"],
]


@pytest.mark.parametrize("words", OURS)
def test_any_module_of_this_package_is_ours(
    monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    for command in (["DailySummary", *words], [*words, "DailySummary", "--workers", "2"]):
        monkeypatch.setattr(sys, "argv", ["/usr/bin/luigi", *command])
        assert not startup.serves_another_module()


@pytest.mark.parametrize("words", OTHERS)
def test_any_other_module_is_not(monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/luigi", "DailySummary", *words])
    assert startup.serves_another_module()


@pytest.mark.parametrize("program", ["script.py", "/usr/lib/python3/luigi/__main__.py", "pytest"])
def test_what_is_no_luigi_command_serves_nobody_else(
    monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(sys, "argv", [program, "--module", "os"])
    assert not startup.serves_another_module()


@pytest.mark.parametrize("words", [each for each in OURS if "os" not in each])
def test_a_failure_is_one_sentence_and_a_status_outside_the_checkout(
    clean_environment: Path, words: list[str]
) -> None:
    done = subprocess.run(
        [LUIGI, *words, "DailySummary", "--date", "2024-01-07", "--local-scheduler"],
        env=dict(os.environ),
        cwd=clean_environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 35, done.stdout + done.stderr
    assert "TMDB_API_KEY is not set" in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (log,) = (clean_environment / "data/logs").glob("*.log")
    assert "Ended with status 35" in log.read_text(encoding="utf-8")
