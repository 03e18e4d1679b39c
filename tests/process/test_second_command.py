"""What a new user does after `make`: the commands that it prints, and others, without any key."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import run_in_process
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.luigi_runs import Run
from support.repository import REPOSITORY
from trials.plans import small_plan

NO_KEY = "TMDB_API_KEY is not set"
NOTICE = "No key is set and"
OF_THE_OPERATOR = ("TMDB_", "PIPELINE_", "LUIGI_", "BROWSER")


def set_up(folder: Path) -> Path:
    """Make what `make` needs of a checkout, with a .venv that is set up and a small plan."""
    (folder / ".venv").mkdir(parents=True)
    (folder / ".venv/bin").symlink_to(Path(sys.executable).parent)
    small_plan(folder / "config")
    for name in ("Makefile", "luigi.cfg", "config/crontab"):
        shutil.copy(REPOSITORY / name, folder / name)
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing was run yet."""
    return set_up(tmp_path / "it's a checkout")


@pytest.fixture(scope="module")
def first_day(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Run]:
    """A checkout in which `make day` was run without a key, and what that printed."""
    folder = set_up(tmp_path_factory.mktemp("first") / "it's a checkout")
    return folder, run(MAKE + "day", folder)


def own_variables() -> dict[str, str]:
    """The environment of a person who has set nothing."""
    own = os.environ.items()
    return {name: value for name, value in own if not name.startswith(OF_THE_OPERATOR)}


def run(command: str, folder: Path, **variables: str) -> Run:
    own = own_variables()
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


def operate(*words: str, cwd: Path, **variables: str) -> Run:
    """Run `tmdb-pipeline` in the checkout, in this process."""
    return run_in_process(*words, env={**own_variables(), **variables}, cwd=cwd)


def printed(made: Run) -> list[str]:
    """The commands that `make` prints in the end."""
    lines = made.out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("Next, in "))
    return [line.strip() for line in lines[start + 1 :]]


MAKE = "make --no-print-directory --old-file=.venv/run "


def assert_printed_commands_work(made: Run, checkout: Path) -> None:
    assert made.status == 0, made.output
    words = printed(made)
    assert len(words) == 3
    assert all(line.startswith("TMDB_API_KEY=demo ") for line in words)
    ended = [run(line, checkout) for line in words]
    for done in ended:
        assert done.status == 0, done.output
        assert NO_KEY not in done.output
        assert NOTICE not in done.err
    assert "/reports/index.html" in ended[0].out
    assert not (checkout / ".env").exists()


def test_the_commands_that_make_prints_work_as_they_stand(first_day: tuple[Path, Run]) -> None:
    checkout, made = first_day
    assert_printed_commands_work(made, checkout)


@pytest.mark.parametrize(
    ("target", "variables"),
    [("week", {"TMDB_API_KEY": "demo"}), ("day", {"PIPELINE_DATA_DIR": "o'ther films"})],
)
def test_the_printed_commands_of_a_week_carry_the_settings_of_make(
    checkout: Path, target: str, variables: dict[str, str]
) -> None:
    made = run(MAKE + target, checkout, **variables)
    assert_printed_commands_work(made, checkout)
    assert "DailySummary of " in made.err


@pytest.mark.parametrize("place", ["environment", ".env"])
def test_the_printed_commands_show_no_real_key(checkout: Path, place: str) -> None:
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
    ended = [operate(*line.split()[1:], cwd=checkout) for line in words]
    assert [done.status for done in ended] == [0, 0, 0]
    assert "/data/reports/index.html" in ended[0].out


def test_commands_that_read_find_the_demo_s_data_without_a_key(
    first_day: tuple[Path, Run],
) -> None:
    checkout, _ = first_day
    shown = {}
    for words in ("status", "open --print", "logs", "check", "doctor"):
        shown[words] = done = operate(*words.split(), cwd=checkout)
        notices = [line for line in done.err.splitlines() if line.startswith(NOTICE)]
        assert len(notices) == 1, done.output
        assert str(checkout / "data-demo") in notices[0]
    assert "DailySummary" in shown["status"].out
    assert shown["open --print"].out.startswith("file://")
    document = json.loads(operate("status", "--json", cwd=checkout).out)
    assert document["data_root"] == str(checkout / "data-demo")
    assert [each["task"] for each in document["last_runs"]]
    assert not (checkout / "data").exists()


@pytest.mark.parametrize("reason", ["a key", "data", "a data root", "no demo"])
def test_commands_that_read_use_the_default_folder_otherwise(checkout: Path, reason: str) -> None:
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
    done = operate("status", "--json", cwd=checkout, **variables)
    assert json.loads(done.out)["data_root"] == str(checkout / "data")
    assert NOTICE not in done.err


def test_a_run_without_a_key_does_not_quietly_collect_demo_data(
    first_day: tuple[Path, Run], tmp_path: Path
) -> None:
    checkout = shutil.copytree(first_day[0], tmp_path / "checkout", symlinks=True)
    command = ".venv/bin/luigi --module pipeline TrendingMovies --date $(date +%F)"
    done = run(f"{command} --local-scheduler", checkout)
    assert done.status == 35
    assert NO_KEY in done.output


def test_check_says_once_that_there_is_no_key(checkout: Path) -> None:
    done = operate("check", cwd=checkout)
    assert done.status == 1
    assert done.output.count(NO_KEY) == 1


def test_check_says_once_that_a_setting_is_wrong(checkout: Path) -> None:
    done = operate("check", cwd=checkout, TMDB_MAX_RETRIES="many")
    assert done.output.count("has to be a whole number") == 1
