"""No text crashes a terminal or a log, whatever its encoding."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.fake_tmdb.catalogue import Catalogue, Row
from support.luigi_runs import luigi_command
from support.repository import REPOSITORY

ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "utf-8, strict": {"PYTHONIOENCODING": "utf-8:strict"},
    "the C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "the POSIX locale": {"LC_ALL": "POSIX", "LANG": "C"},
}


TITLES = ["괴물 🎬", "\ud800 half", "\udce9", "Amélie “x”", "ﷺ"]


DATE = "2024-01-07"


PROGRAM = str(Path(sys.executable).with_name("tmdb-pipeline"))


@pytest.fixture(params=ENCODINGS)
def encoded(request: pytest.FixtureRequest, environment: dict[str, str]) -> dict[str, str]:
    """The variables of a run in a terminal of one encoding, PYTHONIOENCODING being unset else."""
    own = {name: value for name, value in environment.items() if name != "PYTHONIOENCODING"}
    return {**own, "TMDB_LANGUAGE": "ko-KR", **ENCODINGS[request.param]}


@pytest.fixture
def odd_root(tmp_path: Path) -> Path:
    """A data root whose name no encoding knows: half of it is Korean, half of it no UTF-8."""
    name = os.fsencode(tmp_path) + "/영화-".encode() + b"caf\xe9"
    try:
        os.mkdir(name)
    except OSError:
        pytest.skip("this file system takes names of UTF-8 only")
    return Path(os.fsdecode(name))


def titled(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    found = Catalogue().answer(f"/3{name}", query)[1]["results"]
    return [row | {"title": TITLES[place % len(TITLES)]} for place, row in enumerate(found)]


def run(command: list[str], variables: dict[str, str]) -> tuple[int, bytes]:
    done = subprocess.run(command, env=variables, capture_output=True, check=False, timeout=60)
    output = done.stdout + done.stderr
    assert b"Traceback" not in output, output.decode(errors="replace")
    assert b"Logging error" not in output, output.decode(errors="replace")
    assert b"Unicode" not in output, output.decode(errors="replace")
    return done.returncode, done.stdout


def test_a_run_with_any_title_in_any_folder_ends_well(
    encoded: dict[str, str], odd_root: Path
) -> None:
    with FakeTmdb(key=V3_KEY, limit=None, rows=titled) as tmdb:
        variables = encoded | {
            "TMDB_API_URL": tmdb.url,
            "PIPELINE_DATA_DIR": str(odd_root),
        }
        day = luigi_command("DailySummary", "--date", DATE, "--local-scheduler")
        assert run(day, variables)[0] == 0
        command = luigi_command("DailyPage", "--date", DATE, "--local-scheduler")
        assert run(command, variables)[0] == 0
        assert run(command, variables | {"PIPELINE_LOG_FORMAT": "json"})[0] == 0
        wrong = luigi_command("괴물", "--date", DATE, "--local-scheduler")
        assert run(wrong, variables)[0] == 1


def test_every_command_shows_any_path(encoded: dict[str, str], odd_root: Path) -> None:
    variables = encoded | {"PIPELINE_DATA_DIR": str(odd_root)}
    command = luigi_command("IndexPage", "--date", DATE, "--local-scheduler")
    assert run(luigi_command("DailySummary", *command[4:]), variables)[0] == 0
    assert run(command, variables)[0] == 0
    for words in (
        ["check"], ["check", "DailySummary", DATE], ["status"], ["doctor"], ["logs"],
        ["open", "--print"], ["stats"], ["backup", "--to", "백업"], ["restore", "백업"],
        ["logs", "영화"], ["괴물"], ["check", "괴물"],
    ):  # fmt: skip
        assert run([PROGRAM, *words], variables)[0] in (0, 1, 2), words
    for words in (["check"], ["status"], ["doctor"], ["open"]):
        status, shown = run([PROGRAM, *words, "--json"], variables)
        assert status in (0, 1)
        assert isinstance(json.loads(shown), dict)


def test_the_demo_server_shows_any_host(encoded: dict[str, str]) -> None:
    for words in (["--host", "영화.invalid"], ["--key", "괴물"]):
        command = [sys.executable, "-m", "pipeline.tmdb.demo", "--port", "0", *words]
        done = subprocess.run(
            command, env=encoded, cwd=REPOSITORY, capture_output=True, check=False, timeout=60
        )
        assert done.returncode in (1, 2)
        assert b"Traceback" not in done.stderr, done.stderr.decode(errors="replace")
