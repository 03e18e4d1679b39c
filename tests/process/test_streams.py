"""No text crashes a terminal or a log, whatever its encoding."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.fake_tmdb.catalogue import Catalogue
from support.fake_tmdb.movies import Row
from support.forked_commands import run_forked
from support.luigi_runs import luigi_command, run_command

ENCODINGS = {
    "latin-1": {"PYTHONIOENCODING": "latin-1"},
    "ascii": {"PYTHONIOENCODING": "ascii"},
    "utf-8, strict": {"PYTHONIOENCODING": "utf-8:strict"},
    "the C locale": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "the POSIX locale": {"LC_ALL": "POSIX", "LANG": "C"},
}


TITLES = ["괴물 🎬", "\ud800 half", "\udce9", "Amélie “x”", "ﷺ"]


DATE = "2024-01-07"


@pytest.fixture(params=ENCODINGS)
def encoded(request: pytest.FixtureRequest, environment: dict[str, str]) -> dict[str, str]:
    """The variables of a run in a terminal of one encoding, PYTHONIOENCODING being unset else."""
    own = {name: value for name, value in environment.items() if name != "PYTHONIOENCODING"}
    return {**own, "TMDB_LANGUAGE": "ko-KR", **ENCODINGS[request.param]}


@pytest.fixture
def odd_root(tmp_path: Path) -> Path:
    """A data root whose name no encoding knows."""
    return made_odd(tmp_path)


def made_odd(folder: Path) -> Path:
    """Make a folder whose name is half Korean and half no UTF-8; skip where that cannot be."""
    name = os.fsencode(folder) + "/영화-".encode() + b"caf\xe9"
    try:
        os.mkdir(name)
    except OSError:
        pytest.skip("this file system takes names of UTF-8 only")
    return Path(os.fsdecode(name))


def titled(name: str, page: int, query: Mapping[str, str]) -> list[Row]:
    found = Catalogue().answer(f"/3{name}", query)[1]["results"]
    return [row | {"title": TITLES[place % len(TITLES)]} for place, row in enumerate(found)]


def run(
    commands: list[list[str]], variables: dict[str, str], folder: Path
) -> list[tuple[int, bytes]]:
    """Run the commands in a terminal of that encoding; nothing may be a failure of printing."""
    ended = run_forked(commands, variables, folder)
    for command, done in zip(commands, ended, strict=True):
        output = done.out + done.err
        for word in (b"Traceback", b"Logging error", b"Unicode"):
            assert word not in output, (command, output.decode(errors="replace"))
    return [(done.status, done.out) for done in ended]


def test_a_run_with_any_title_in_any_folder_ends_well(
    encoded: dict[str, str], odd_root: Path, clean_environment: Path
) -> None:
    summary, page, wrong = (
        ["luigi", "--module", "pipeline", task, "--date", DATE, "--local-scheduler"]
        for task in ("DailySummary", "DailyPage", "괴물")
    )
    in_json = ["PIPELINE_LOG_FORMAT=json", *page]
    with FakeTmdb(key=V3_KEY, limit=None, rows=titled) as tmdb:
        variables = encoded | {"TMDB_API_URL": tmdb.url, "PIPELINE_DATA_DIR": str(odd_root)}
        ended = run([summary, page, in_json, wrong], variables, clean_environment)
    assert [status for status, _ in ended] == [0, 0, 0, 1]
    assert list(odd_root.glob("reports/daily/*.html"))


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data root of an odd name that holds a day of the demo catalogue and its pages."""
    root = made_odd(tmp_path_factory.mktemp("streams"))
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIPELINE_")}
    variables = {**clean, "TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(root)}
    for task in ("DailySummary", "IndexPage"):
        command = luigi_command(task, "--date", DATE, "--local-scheduler")
        assert run_command(command, variables, root).status == 0
    return root


SHOWN = [["check", "DailySummary", DATE], ["doctor"], ["logs"], ["open", "--print"], ["괴물"]]
ALSO_SHOWN = [
    *(["check"], ["status"], ["stats"], ["backup", "--to", "백업"], ["restore", "백업"]),
    *(["logs", "영화"], ["check", "괴물"]),
]
DOCUMENTS = [["check", "--json"], ["status", "--json"], ["doctor", "--json"], ["open", "--json"]]


def test_every_command_shows_any_path(
    encoded: dict[str, str],
    collected: Path,
    clean_environment: Path,
    request: pytest.FixtureRequest,
) -> None:
    """All commands where click leaves the stream as it is, some in ASCII, which it replaces."""
    is_left = request.node.callspec.params["encoded"] in ("latin-1", "utf-8, strict")
    shown = SHOWN + (ALSO_SHOWN if is_left else [])
    variables = encoded | {"TMDB_API_KEY": "demo", "PIPELINE_DATA_DIR": str(collected)}
    commands = [["tmdb-pipeline", *words] for words in [*shown, *DOCUMENTS]]
    ended = run(commands, variables, clean_environment)
    assert [status for status, _ in ended if status not in (0, 1, 2)] == []
    for status, text in ended[len(shown) :]:
        assert status in (0, 1)
        assert isinstance(json.loads(text), dict)


def test_the_demo_server_shows_any_argument(
    encoded: dict[str, str], clean_environment: Path
) -> None:
    commands = [["demo-server", "--port", "영화"], ["demo-server", "괴물"]]
    assert [status for status, _ in run(commands, encoded, clean_environment)] == [2, 2]
