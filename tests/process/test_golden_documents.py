"""The documents of the demo catalogue are those on record, and two commits can be compared."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from golden.__main__ import diff
from golden.commits import GitFailed
from golden.comparison import ADVICE, checksums_of, differences, read_checksums
from golden.documents import LANGUAGES, NoDocuments, documents_in, documents_of
from support.repository import REPOSITORY

SETUP = """[options.entry_points]
console_scripts =
    tmdb-pipeline = pipeline.other:main
    luigi = pipeline.command:run
"""

COMMAND = """
import datetime, json, os, sys

def run():
    task, date = sys.argv[3], sys.argv[5]
    folder = os.environ["PIPELINE_DATA_DIR"] + "/raw"
    os.makedirs(folder, exist_ok=True)
    made = {"limit": 1, "today": str(datetime.date.today()), "seconds": os.getpid()}
    with open(f"{folder}/{task}_{date}.json", "w") as document:
        json.dump(made, document)
"""


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_documents_of_the_demo_catalogue_are_those_on_record(language: str) -> None:
    recorded = {
        name: each for name, each in read_checksums().items() if name.startswith(f"{language}/")
    }
    lines = differences(recorded, checksums_of(documents_in(language, REPOSITORY)))
    if lines:
        pytest.fail("\n".join([*lines, ADVICE]), pytrace=False)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository of a small pipeline, with one commit."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)  # a git hook that runs the tests names its own repository
    folder = tmp_path / "repository"
    (folder / "pipeline").mkdir(parents=True)
    (folder / "pipeline/__init__.py").touch()
    (folder / "pipeline/command.py").write_text(COMMAND)
    (folder / "setup.cfg").write_text(SETUP)
    git(folder, "init", "--quiet")
    commit(folder)
    return folder


def git(folder: Path, *arguments: str) -> None:
    subprocess.run(["git", "-C", str(folder), *arguments], check=True)


def commit(folder: Path) -> None:
    git(folder, "add", ".")
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    git(folder, *who, "-c", "commit.gpgsign=false", "commit", "--quiet", "--message", "Change")


def change(folder: Path, text: str, other: str) -> None:
    command = folder / "pipeline/command.py"
    command.write_text(command.read_text().replace(text, other))


def test_the_documents_are_those_of_the_checkout_made_on_their_dates(repository: Path) -> None:
    documents = documents_of(repository)
    assert len(documents) == 6
    for name, text in documents.items():
        assert f'"today": "{name[-15:-5]}"' in text


def test_two_commits_are_compared_or_one_and_the_working_tree(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change(repository, '"limit": 1', '"limit": 2')
    commit(repository)
    change(repository, '"limit": 2', '"limit": 1')

    assert diff("HEAD~1", "HEAD", repository) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "--- HEAD~1/en-US/raw/DailySummary_2024-01-05.json"
    assert shown[1] == "+++ HEAD/en-US/raw/DailySummary_2024-01-05.json"
    assert shown.count('-  "limit": 1,') == shown.count('+  "limit": 2,') == 6

    assert diff("HEAD~1", None, repository) == 0
    assert capsys.readouterr().out == ""


def test_runs_that_fail_are_shown_with_their_output(repository: Path) -> None:
    change(repository, "task, date =", "raise SystemExit('no such list')\n    task, date =")
    with pytest.raises(NoDocuments, match=r"no such list\nDailySummary of 2024-01-05 ended with"):
        documents_in("ko-KR", repository)


def test_a_checkout_without_the_command_is_named(repository: Path) -> None:
    (repository / "setup.cfg").unlink()
    with pytest.raises(NoDocuments, match=r"setup\.cfg names no console script `luigi`"):
        documents_of(repository)


def test_an_unknown_commit_is_named(repository: Path) -> None:
    with pytest.raises(GitFailed, match="no-such-commit"):
        diff("no-such-commit", None, repository)
