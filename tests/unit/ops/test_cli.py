"""The command itself: its help, its faults, its colours."""

from __future__ import annotations

import os
import sys
import types
from pathlib import Path

import click
import pytest
from support.commands import run_in_process
from support.fake_tmdb import V3_KEY

from pipeline.ops import cli

MINE = ("start", "stop", "restart", "status", "run", "trigger", "check", "stats", "doctor", "logs",
        "backfill", "pause", "resume", "acknowledge")  # fmt: skip


def main(*words: str) -> tuple[int, str, str]:
    """The command in this process: its exit status and what it printed."""
    run = run_in_process(*words, env=os.environ, cwd=Path.cwd())
    return run.status, run.out, run.err


@pytest.mark.parametrize("name", MINE)
def test_each_command_tells_how_it_is_used(name: str) -> None:
    status, out, _ = main(name, "--help")
    assert status == 0
    assert f"Usage: tmdb-pipeline {name}" in out
    assert "--runtime" in out


def test_a_misspelt_command_is_a_wrong_use() -> None:
    status, _, err = main("stauts")
    assert status == 2
    assert "No such command 'stauts'" in err
    assert "'status'" in err.partition("Did you mean")[2]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("trigger", "Nothing"), "There is no task 'Nothing': choose daily, weekly, "),
        (("run", "daly"), "There is no task 'daly'. Did you mean 'daily'?"),
        (("run", "DailySumary"), "There is no task 'DailySumary'. Did you mean 'DailySummary'"),
        (("trigger", "daily", "2024-02-30"), "'2024-02-30' is no day of the years 1900 to 2999"),
        (("check", "daily", "yesterday"), "'yesterday' is no day of the years 1900 to 2999"),
        (("check", "daily", "0001-01-01"), "'0001-01-01' is no day of the years 1900 to 2999"),
        (("logs",), "There is no log of run in "),
        (("logs", "luigid"), "There is no log of luigid in "),
    ],
)
def test_an_error_that_a_user_can_fix_is_one_sentence_and_exit_status_1(
    words: tuple[str, ...],
    sentence: str,
) -> None:
    status, out, err = main(*words)
    assert (status, out) == (1, "")
    assert err.startswith(f"tmdb-pipeline: {sentence}")
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> None:
    """A command with a fault that nobody foresaw, and a secret in its exception."""

    @click.command("broken")
    def command() -> None:
        raise RuntimeError(f"lost {os.environ['TMDB_API_KEY']}")

    module = types.ModuleType("pipeline.ops.commands.run.broken")
    module.command = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(cli.COMMANDS, "broken", "run.broken:command")
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(data_dir))


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_one_sentence_and_its_traceback_a_file(data_dir: Path) -> None:
    status, _, err = main("broken")
    [path] = (data_dir / "logs").glob("*_tmdb-pipeline_*.log")
    assert status == 70
    assert str(path) in err
    assert err.count("\n") == 1
    assert "RuntimeError: lost [credential]" in path.read_text()
    assert V3_KEY not in path.read_text() + err


@pytest.mark.usefixtures("broken")
def test_debug_shows_the_traceback_without_the_secret(data_dir: Path) -> None:
    status, _, err = main("--debug", "broken")
    assert status == 70
    assert "Traceback" in err
    assert V3_KEY not in err
    assert not (data_dir / "logs").exists()


@pytest.mark.usefixtures("broken")
def test_an_unexpected_error_is_reported_where_nothing_can_be_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(tmp_path / "file"))
    status, _, err = main("broken")
    assert status == 70
    assert "--debug" in err
