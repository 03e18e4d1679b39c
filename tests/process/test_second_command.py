"""What a new user does after `make`: the commands that it prints, and others, without any key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.luigi_runs import Run
from support.repository import REPOSITORY

NO_KEY = "TMDB_API_KEY is not set"
NOTICE = "No key is set and"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` needs of a checkout, with a .venv that is set up."""
    folder = tmp_path / "it's a checkout"
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    shutil.copy(REPOSITORY / "Makefile", folder)
    shutil.copytree(REPOSITORY / "config", folder / "config")
    shutil.copy(REPOSITORY / "luigi.cfg", folder)
    return folder


def run(command: str, folder: Path, **variables: str) -> Run:
    own = {name: value for name, value in os.environ.items() if name != "BROWSER"}
    done = subprocess.run(
        ["sh", "-c", command],
        env={**own, "PATH": f"/usr/bin:/bin:{own['PATH']}", **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def printed(made: Run) -> list[str]:
    """The commands that `make` prints in the end."""
    lines = made.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Next, in "))
    return [line.strip() for line in lines[start + 1 :]]


MAKE = "make --no-print-directory --old-file=.venv/run "


@pytest.mark.parametrize("target", ["day", "week"])
@pytest.mark.parametrize(
    "variables", [{}, {"TMDB_API_KEY": "demo"}, {"PIPELINE_DATA_DIR": "o'ther films"}]
)
def test_the_commands_that_make_prints_work_as_they_stand(
    checkout: Path, target: str, variables: dict[str, str]
) -> None:
    made = run(MAKE + target, checkout, **variables)
    assert made.status == 0, made.output
    words = printed(made)
    assert len(words) == 3
    assert all(line.startswith("TMDB_API_KEY=demo ") for line in words)
    for line in words:
        done = run(line, checkout)
        assert done.status == 0, done.output
        assert NO_KEY not in done.output
        assert NOTICE not in done.err
    assert "/reports/index.html" in run(words[0], checkout).out
    assert not (checkout / ".env").exists()


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_with_a_real_key_they_show_no_key_and_fit_too(checkout: Path, place: str) -> None:
    with FakeTmdb(key=V3_KEY, limit=None) as tmdb:
        given = {"TMDB_API_KEY": V3_KEY, "TMDB_API_URL": tmdb.url}
        if place == ".env":
            lines = "".join(f"{name}={value}\n" for name, value in given.items())
            (checkout / ".env").write_text(lines, encoding="utf-8")
        made = run(MAKE + "day", checkout, **(given if place == "environment" else {}))
    assert made.status == 0, made.output
    assert V3_KEY not in made.output
    words = printed(made)
    assert all(line.startswith(".venv/bin/tmdb-pipeline ") for line in words)
    for line in words:
        assert run(line, checkout).status == 0
    assert "/data/reports/index.html" in run(words[0], checkout).out


def test_commands_that_read_find_the_demo_s_data_without_a_key(checkout: Path) -> None:
    assert run(MAKE + "day", checkout).status == 0
    program = ".venv/bin/tmdb-pipeline"
    for words in ("status", "open --print", "logs", "check", "doctor"):
        done = run(f"{program} {words}", checkout)
        notices = [line for line in done.err.splitlines() if line.startswith(NOTICE)]
        assert len(notices) == 1, done.output
        assert str(checkout / "data-demo") in notices[0]
    assert "DailySummary" in run(f"{program} status", checkout).out
    assert run(f"{program} open --print", checkout).out.startswith("file://")
    document = json.loads(run(f"{program} status --json", checkout).out)
    assert document["data_root"] == str(checkout / "data-demo")
    assert [each["task"] for each in document["last_runs"]]
    assert not (checkout / "data").exists()


@pytest.mark.parametrize("reason", ["a key", "data", "a data root", "no demo"])
def test_they_look_into_the_usual_folder_otherwise(checkout: Path, reason: str) -> None:
    (checkout / "data-demo/raw").mkdir(parents=True)
    variables = {}
    if reason == "a key":
        variables = {"TMDB_API_KEY": V3_KEY}
    elif reason == "data":
        (checkout / "data/raw").mkdir(parents=True)
    elif reason == "a data root":
        (checkout / ".env").write_text("PIPELINE_DATA_DIR=data\n", encoding="utf-8")
    else:
        shutil.rmtree(checkout / "data-demo")
    done = run(".venv/bin/tmdb-pipeline status --json", checkout, **variables)
    assert json.loads(done.out)["data_root"] == str(checkout / "data")
    assert NOTICE not in done.err


def test_a_run_without_a_key_does_not_quietly_collect_demo_data(checkout: Path) -> None:
    assert run(MAKE + "day", checkout).status == 0
    command = ".venv/bin/luigi --module pipeline TrendingMovies --date $(date +%F)"
    done = run(f"{command} --local-scheduler", checkout)
    assert done.status == 35
    assert NO_KEY in done.output


def test_check_says_once_that_there_is_no_key(checkout: Path) -> None:
    done = run(".venv/bin/tmdb-pipeline check", checkout)
    assert done.status == 1
    assert done.output.count(NO_KEY) == 1


def test_check_says_once_that_a_setting_is_wrong(checkout: Path) -> None:
    done = run(".venv/bin/tmdb-pipeline check", checkout, TMDB_MAX_RETRIES="many")
    assert done.output.count("has to be a whole number") == 1
