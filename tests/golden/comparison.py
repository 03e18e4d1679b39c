"""Comparisons of documents: with the checksums on record, and with other documents."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from golden.canonical import canonical, checksum
from golden.documents import Documents

CHECKSUMS = Path(__file__).with_name("checksums.json")

ADVICE = (
    "In tests/, `../.venv/bin/python -m golden diff` shows what changed since the checksums were "
    "written; after an intended change, `../.venv/bin/python -m golden write` updates them."
)

Checksums = Mapping[str, str]
"""The checksum of each document, by its language and its path below the data root."""


def checksums_of(documents: Documents) -> dict[str, str]:
    """Return the checksum of each document, sorted by name."""
    return {name: checksum(text) for name, text in sorted(documents.items())}


def read_checksums(path: Path = CHECKSUMS) -> dict[str, str]:
    """Read the checksums on record."""
    return dict(json.loads(path.read_text(encoding="utf-8")))


def write_checksums(checksums: Checksums, path: Path = CHECKSUMS) -> None:
    """Replace the checksums on record."""
    path.write_text(json.dumps(checksums, indent=2) + "\n", encoding="utf-8")


def differences(recorded: Checksums, found: Checksums) -> list[str]:
    """Return a line for each document that differs, is missing or is new."""
    return [
        f"{name} {_difference(recorded.get(name), found.get(name))}"
        for name in sorted({*recorded, *found})
        if recorded.get(name) != found.get(name)
    ]


def unified_diff(before: Documents, after: Documents, names: tuple[str, str]) -> Iterator[str]:
    """Yield the lines of the unified diff of the canonical documents.

    Args:
        before: the documents of the first commit.
        after: the documents of the second one.
        names: what the two commits are called in the diff.
    """
    for name in sorted({*before, *after}):
        one, other = _lines(before.get(name)), _lines(after.get(name))
        if one != other:
            old, new = (f"{each}/{name}" for each in names)
            yield from difflib.unified_diff(one, other, old, new)


def _difference(recorded: str | None, found: str | None) -> str:
    if found is None:
        return "is missing"
    return "is new" if recorded is None else "differs"


def _lines(text: str | None) -> list[str]:
    return [] if text is None else canonical(text).splitlines(keepends=True)
