"""The changelog keeps its form, and docs/files.md has the number of each document's schema."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

from support.repository import REPOSITORY

from pipeline.version import VERSION

CHANGELOG = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
FILES = (REPOSITORY / "docs" / "files.md").read_text(encoding="utf-8")
KINDS = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
"""The headings of Keep a Changelog, in its order."""


def versions() -> dict[str, str]:
    """Return heading -> text of each version, newest first."""
    parts = re.split(r"^## (.+)$", CHANGELOG, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def schema_section() -> str:
    return FILES.split("\n## schema_version\n")[1].split("\n## ")[0]


def schema_numbers() -> dict[str, int]:
    """Return module -> number, of the modules that define a number of a schema."""
    found = {}
    for path in sorted((REPOSITORY / "pipeline").rglob("*.py")):
        if defined := _defined_number(path):
            name = ".".join(path.relative_to(REPOSITORY).with_suffix("").parts)
            found[name] = getattr(importlib.import_module(name), defined)
    return found


def _defined_number(path: Path) -> str | None:
    text = path.read_text(encoding="utf-8")
    found = re.search(r"^(SCHEMA(?:_VERSION)?)\b(?:: \w+)? = ", text, re.MULTILINE)
    return found[1] if found else None


def test_versions_are_in_the_form_of_keep_a_changelog() -> None:
    headings = list(versions())

    assert headings[0] == "[Unreleased]"
    assert all(re.fullmatch(r"\[\d+\.\d+\.\d+\] - \d{4}-\d\d-\d\d", each) for each in headings[1:])
    assert headings[1:] == sorted(headings[1:], key=lambda each: each[-10:], reverse=True)


def test_each_version_has_only_the_headings_of_keep_a_changelog_in_their_order() -> None:
    for version, text in versions().items():
        kinds = re.findall(r"^### (.+)$", text, re.MULTILINE)

        assert kinds == [each for each in KINDS if each in kinds], version
        assert not re.search(r"^#{4,} ", text, re.MULTILINE), version


def test_each_heading_is_followed_by_bullets_only() -> None:
    for text in versions().values():
        for section in re.split(r"^### .+$", text, flags=re.MULTILINE)[1:]:
            lines = [line for line in section.splitlines() if line]
            assert lines
            assert all(line.startswith(("- ", "  ")) for line in lines), lines[0]


def test_the_changelog_has_the_version_of_the_package() -> None:
    assert any(heading.startswith(f"[{VERSION}] - ") for heading in versions())


def test_every_schema_version_in_the_code_is_documented() -> None:
    numbers = schema_numbers()
    rows = re.findall(r"^\| .+? \| `([\w.]+)` \| (\d+) \|", schema_section(), re.MULTILINE)
    backup = re.search(r"`manifest\.json` has a number of its own, `schema` \((\d+)\)", FILES)

    assert backup, "docs/files.md lacks the number of the backups"
    assert len(numbers) >= 3
    assert {int(number) for _, number in rows} == {
        number for module, number in numbers.items() if "archive" not in module
    }
    assert {int(backup[1])} == {number for module, number in numbers.items() if "archive" in module}
