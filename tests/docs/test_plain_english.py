"""Code, tests, configuration and documents use the terms of the field, not the old words.

docs/glossary.md has the terms. Names count as well as prose: each part of a name in snake case or
camel case is a word, and a phrase may continue on the next line.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.repository import REPOSITORY

FOLDERS = ("pipeline", "tests", "benchmarks", "docs", "config", ".ci")
FILES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "Makefile",
    "luigi.cfg",
    "setup.cfg",
    "pyproject.toml",
    "docker-compose.yml",
    "Dockerfile",
)

# Words and phrases that must not appear; a space stands for any gap between two words.
OLD_WORDS = (
    "mend(?:s|ed|ing|able)?",
    "amid(?:st)?",
    "of late",
    "whoever(?:'s)?",
    "those on duty",
    "(?:un)?told",
    "(?:un)?heed(?:s|ed|ing|less)?",
    "befall(?:s|en|ing)?",
    "befell",
    "(?:lead|leads|led|leading) nowhere",
    "(?:take|takes|took|taken|taking) on",
    "as good",
    "strangers?'?s? texts?",
)
# Between two words: spaces, the underscore of a name, a line break with its comment or quotation
# mark, or the next capital letter.
GAP = r"""(?:[\s_"'#>*-]+|(?<=[a-z])(?=[A-Z]))"""
START, END = "(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))", "(?:(?![A-Za-z])|(?=[A-Z][a-z]))"
PHRASES = (GAP.join(f"(?i:{word})" for word in each.split()) for each in OLD_WORDS)
PATTERN = re.compile(f"{START}(?:{'|'.join(PHRASES)}){END}")

# Files that keep the old words: this test, and the files of a version that is released.
EXEMPT = ("tests/docs/test_plain_english.py", "tests/fixtures/v0_1_0/")
# Words of made-up titles. A golden document changes if one of them does.
TITLE_WORDS = {("pipeline/demo/vocabulary.py", "Mended")}


def tracked_files() -> list[str]:
    """Return the paths that git tracks; without git, all files of the folders."""
    done = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *FOLDERS, *FILES],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    names = done.stdout.split("\0") if done.returncode == 0 else walked_files()
    return sorted({name for name in names if (REPOSITORY / name).is_file()})


def walked_files() -> Iterator[str]:
    """Yield the paths of all files of the folders, without caches."""
    yield from FILES
    for folder in FOLDERS:
        for parent, folders, names in os.walk(REPOSITORY / folder):
            folders[:] = [each for each in folders if each != "__pycache__"]
            yield from ((Path(parent) / name).relative_to(REPOSITORY).as_posix() for name in names)


def old_words(path: str, text: str) -> list[str]:
    """Return `path:line: word` for each old word in the path or the text of a file."""
    found = [f"{path}:0: {match[0]} (in the path)" for match in PATTERN.finditer(path)]
    for match in PATTERN.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        if (path, match[0]) not in TITLE_WORDS:
            found.append(f"{path}:{line}: {' '.join(match[0].split())}")
    return found


def text_of(path: str) -> str:
    """Return the text of a file; nothing if it is not text."""
    try:
        return (REPOSITORY / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def test_no_file_uses_an_old_word() -> None:
    names = [each for each in tracked_files() if not each.startswith(EXEMPT)]
    found = [line for each in names for line in old_words(each, text_of(each))]
    assert not found, "\n".join(["use the terms of docs/glossary.md instead of:", *found])


def test_the_search_covers_code_tests_configuration_and_documents() -> None:
    names = set(tracked_files())
    assert set(FILES) <= names
    assert {"pipeline/ops/cli.py", "docs/commands.md", ".ci/audit.py", "config/crontab"} <= names
    assert len(names) > 500


def test_a_tree_without_git_is_searched_too() -> None:
    names = set(walked_files())
    assert {"Makefile", "pipeline/ops/cli.py", "tests/docs/test_plain_english.py"} <= names
    assert not any("__pycache__" in each for each in names)


@pytest.mark.parametrize(
    "text",
    [
        "How to mend it",
        "finding.mend = fix",
        'row["mended"]',
        "MENDED = 1",
        "amid the run",
        "newest_of_late_days",
        "whoever asks",
        "those on duty",
        "def told(): ...",
        "def _told_of(path): ...",
        "TOLD_EVERY_SECONDS = 60",
        "class TaskTold: ...",
        "the untold ones",
        "it is heeded",
        "what befalls a run",
        "it leads nowhere",
        "it takes on a task",
        "tasks_taken_on",
        "class TakenOn: ...",
        "# it takes\n    # on a task",
        '"it took "\n        "on a task"',
        "as good as none",
        "harmless strangers' texts",
        "a stranger's text",
    ],
)
def test_an_old_word_is_found(text: str) -> None:
    assert old_words("example.py", text)


@pytest.mark.parametrize(
    "text",
    [
        "we recommend it; an amendment, amended",
        "pyramid, amide",
        "a late day of the list",
        "the toldo of a tent",
        "he spoke of heedfulness",
        "takes one",
        "What it takes. On Sundays it runs.",
        "take only this",
        "it has good reasons",
    ],
)
def test_other_words_pass(text: str) -> None:
    assert old_words("example.py", text) == []


def test_a_report_names_the_file_and_the_line() -> None:
    assert old_words("told/a.py", "first\nas it was\ntold\n") == [
        "told/a.py:0: told (in the path)",
        "told/a.py:3: told",
    ]
