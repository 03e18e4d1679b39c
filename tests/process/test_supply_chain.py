"""Packages: pinned once, each file held to its hash, and what is known of them looked at."""

from __future__ import annotations

import configparser
import json
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from support.repository import REPOSITORY

FOLDER = REPOSITORY / "requirements"
FILES = sorted(FOLDER.glob("*.txt"))
INSTALLS = ("Makefile", "Dockerfile", "README.md", "docs/operations.md")
AUDIT, SBOM = REPOSITORY / ".ci/audit.py", REPOSITORY / ".ci/sbom.py"

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


# what is known of them

FLAWED = {"id": "GHSA-1", "fix_versions": ["3.11"], "aliases": []}


def audited(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


SOUND = {"name": "idna", "version": "3.20", "vulns": []}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found"}
VULNERABLE = {"name": "idna", "version": "3.6", "vulns": [FLAWED]}

ANSWERS: dict[str, tuple[int, str, str, int, str]] = {
    "sound": (0, audited(SOUND), "", 0, "No vulnerability is known of 1 packages."),
    "vulnerable": (1, audited(SOUND, VULNERABLE), "", 1, "idna 3.6: GHSA-1; mended in 3.11"),
    "vulnerable, and it says all is well": (0, audited(VULNERABLE), "", 1, "idna 3.6: GHSA-1"),
    "known in part": (0, audited(SOUND, UNKNOWN), "", 0, "NOT AUDITED: 1 that the service"),
    "known not at all": (0, audited(UNKNOWN), "", 0, "NOT AUDITED: the service knows none"),
    "out of reach": (1, "", "x\nrequests.exceptions.ConnectionError: y\n", 0, "NOT AUDITED"),
    "broken": (1, "", "x\nKeyError: 'y'\n", 1, "pip-audit failed: KeyError: 'y'"),
    "broken later": (2, audited(SOUND), "oh no\n", 1, "pip-audit failed: oh no"),
    "silent": (0, "", "", 1, "pip-audit failed: it said nothing"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_known_vulnerability_fails_and_what_was_not_looked_at_is_said(
    answer: str, tmp_path: Path
) -> None:
    status, out, err, expected, told = ANSWERS[answer]
    program = tmp_path / "pip-audit"
    program.write_text(
        f"#!{sys.executable}\nimport sys\n"
        f"print({out!r}); print({err!r}, file=sys.stderr)\n"
        f"assert len([word for word in sys.argv if word == '-r']) == {len(FILES)}\n"
        f"sys.exit({status})\n"
    )
    program.chmod(stat.S_IRWXU)
    (tmp_path / "python").symlink_to(sys.executable)

    done = subprocess.run(
        [tmp_path / "python", AUDIT], capture_output=True, text=True, timeout=60, check=False
    )

    assert done.returncode == expected, done.stderr
    assert told in done.stdout


def components(*left_out: str) -> dict[str, Any]:
    from importlib import metadata

    listed = [{"name": each.name, "version": each.version} for each in metadata.distributions()]
    return {"components": [each for each in listed if each["name"] not in left_out]}


@pytest.mark.parametrize(("left_out", "expected"), [((), 0), (("luigi",), 1)])
def test_a_bill_of_materials_has_to_name_every_package(
    left_out: tuple[str, ...], expected: int, tmp_path: Path
) -> None:
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(components(*left_out)))

    done = subprocess.run([sys.executable, SBOM, path], capture_output=True, text=True, check=False)

    assert done.returncode == expected, done.stdout
    assert ("luigi 3.8.1: installed True" in done.stdout) == bool(left_out)
