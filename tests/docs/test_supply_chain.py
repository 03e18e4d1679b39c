"""Packages: pinned once, and each file held to its hash."""

from __future__ import annotations

import configparser
import re
import tomllib
from pathlib import Path

import pytest
from support.repository import REPOSITORY

FOLDER = REPOSITORY / "requirements"
FILES = sorted(FOLDER.glob("*.txt"))
INSTALLS = (
    "Makefile",
    "Dockerfile",
    "README.md",
    "docs/how-to/schedule.md",
    "docs/how-to/upgrade.md",
)
_PIN = re.compile(r"^([\w.-]+)==(\S+)", re.MULTILINE)


def name(text: str) -> str:
    """A package's name, as all its spellings mean it."""
    return re.sub(r"[-_.]+", "-", re.split(r"[ <>=;~!]", text.strip())[0]).lower()


def pins(path: Path) -> dict[str, str]:
    return {name(each): version for each, version in _PIN.findall(path.read_text("utf-8"))}


def named(lines: str) -> set[str]:
    return {name(line) for line in lines.splitlines() if line.strip() and line[0] != "#"}


PINNED = pins(REPOSITORY / "constraints.txt")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_package_is_of_the_version_that_was_tried_and_held_to_hashes(path: Path) -> None:
    """Where this fails, a dependency was changed without `make lock`."""
    entries = re.split(r"\n(?=\S)", path.read_text("utf-8").strip())

    assert entries
    for entry in entries:
        assert _PIN.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry
    assert pins(path).items() <= PINNED.items()


def test_nothing_is_pinned_that_nobody_installs() -> None:
    assert set(PINNED) == set().union(*map(pins, FILES))


def test_every_dependency_is_in_the_file_of_its_purpose() -> None:
    """So `pip install --no-deps` of our own package leaves nothing missing."""
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    groups = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["dependency-groups"]
    always = named(setup["options"]["install_requires"])
    wanted = {"run": always}
    wanted |= {key: always | named(it) for key, it in setup["options.extras_require"].items()}
    wanted |= {key: set(map(name, it)) for key, it in groups.items()}

    assert set(wanted) == {path.stem for path in FILES}
    for purpose, packages in wanted.items():
        assert packages <= set(pins(FOLDER / f"{purpose}.txt"))


def test_no_file_names_an_index() -> None:
    for path in (*FILES, REPOSITORY / "constraints.txt"):
        assert not re.search(r"https?:|-index|--find-links", path.read_text("utf-8")), path


@pytest.mark.parametrize("place", INSTALLS)
def test_no_package_is_installed_without_its_hash(place: str) -> None:
    text = (REPOSITORY / place).read_text("utf-8").replace("\\\n", " ")
    commands = re.findall(r"\bpip (?:--[\w-]+ )*install[^&\n]*", text)

    assert len(commands) >= 2
    for command in commands:
        ours = "--no-deps" in command and "-e ." in command
        assert ours or "--require-hashes --only-binary :all:" in command, command


def test_what_builds_our_package_is_pinned_as_well() -> None:
    wanted = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["build-system"]
    assert set(map(name, wanted["requires"])) <= set(pins(FOLDER / "build.txt"))
