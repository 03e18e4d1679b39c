"""The decision records: one form, an index of all of them, and links that lead somewhere."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from support.repository import REPOSITORY

FOLDER = REPOSITORY / "docs" / "decisions"
RECORDS = sorted(FOLDER.glob("[0-9]*.md"))
PAGES = [FOLDER / "README.md", *RECORDS]
HEADINGS = ["Context", "Decision", "Alternatives", "Consequences"]

SEARCHED = ("pipeline", "tests", "benchmarks", "config", "docs", ".ci", ".github")
"""The folders whose text files may name a record, besides the files of the root folder."""

_NAMED = re.compile(r"\bdecisions/(\d{4}-[\w.-]*?\.md|\d{4}\b)")


class Record(NamedTuple):
    """What a record and its row in the index have to agree on."""

    file: str
    title: str
    status: str


def record(path: Path) -> Record:
    text = path.read_text(encoding="utf-8")
    title = re.match(rf"# {path.name[:4]} (.+)\n", text)
    status = re.match(r"# .+\n\nStatus: (.+)\n", text)
    assert title, f"{path.name} does not begin with its number and title"
    assert status, f"{path.name} has no status below its title"
    return Record(path.name, title[1], status[1])


def index() -> list[Record]:
    text = (FOLDER / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[(\d{4})\]\((\S+)\) \| (.+) \| (.+) \|$", text, re.MULTILINE)
    assert all(file.startswith(f"{number}-") for number, file, _, _ in rows)
    return [Record(file, title, status) for _, file, title, status in rows]


def superseding(status: str) -> str | None:
    """Return the file that a status names as the successor."""
    found = re.fullmatch(r"superseded by \[(\d{4})\]\((\1-[\w-]+\.md)\)", status)
    return found[2] if found else None


def anchors(path: Path) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def text_files() -> list[Path]:
    files = [path for path in REPOSITORY.iterdir() if path.is_file()]
    for folder in SEARCHED:
        files += [path for path in (REPOSITORY / folder).rglob("*") if path.is_file()]
    return [path for path in files if path.suffix not in {".pyc", ".gz", ".dump", ".png"}]


def test_the_index_lists_every_record_with_its_title_and_status() -> None:
    assert index() == [record(path) for path in RECORDS]


def test_no_number_is_used_twice_and_none_is_missing() -> None:
    numbers = [int(path.name[:4]) for path in RECORDS]

    assert numbers == list(range(1, len(RECORDS) + 1))


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_is_accepted_or_names_its_successor(path: Path) -> None:
    status = record(path).status
    successor = superseding(status)

    assert status == "accepted" or successor is not None
    if successor is not None:
        later = FOLDER / successor
        assert record(later).status == "accepted"
        assert path.name in later.read_text(encoding="utf-8"), "the successor does not link back"


@pytest.mark.parametrize("path", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_the_usual_sections_and_is_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith("|")]

    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert len(lines) <= 45


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_links_of_the_records_resolve(path: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
        if "://" in target:
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.is_file(), target
        assert not anchor or anchor in anchors(linked), target


def test_records_that_code_and_documents_name_exist() -> None:
    found = {
        (named, path.relative_to(REPOSITORY).as_posix())
        for path in text_files()
        for named in _NAMED.findall(path.read_text(encoding="utf-8", errors="ignore"))
    }
    names = {path.name for path in RECORDS} | {path.name[:4] for path in RECORDS}

    assert len(found) > 5
    assert sorted((named, where) for named, where in found if named not in names) == []


def test_every_dependency_has_its_purpose_in_the_first_record() -> None:
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    lines = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    lines += ["\n".join(group) for group in groups.values()]
    packages = set(re.findall(r"^([A-Za-z][\w.-]*)", "\n".join(lines), re.MULTILINE))
    rows = (FOLDER / "0001-dependencies.md").read_text(encoding="utf-8").split("\n|---")[1]
    named = set(re.findall(r"[\w.-]+", "".join(re.findall(r"^\|(.+?)\|", rows, re.MULTILINE))))

    types = {package for package in packages if package.startswith("types-")}
    assert len(packages) > 20
    assert packages - types - named == set()
