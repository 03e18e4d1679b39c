"""The manifest of a backup: its first member, `manifest.json`."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

NAME = "manifest.json"
HISTORY = "history.dump"
CONFIGURATION = {f"config/{name}": name for name in ("collection.toml", "quality.toml")}
"""Member -> file in the configuration's folder."""
IDENTITY = "root.json"
"""The identity of the data root."""
METADATA = "metadata/"

SCHEMA = 1
"""Version of the layout of the file, raised when older code would misread it.

A new member does not raise it: older code refuses a member that it does not know.
"""

_KIND = "tmdb-pipeline backup"
_LONGEST_NAME = 100
_PART = re.compile(r"\w[\w.-]*", re.ASCII)


@dataclass(frozen=True)
class Member:
    """The size in bytes and the SHA-256 of a member."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """The content of a backup. `created_at` is in UTC, `history_source` the dumping program.

    `history_source` is None where the backup holds no history, and so are `history_rows`, the rows
    of each table, and `history_rehearsed`: whether the database that was dumped accepted the dump
    on trial. Backups of version 0.1.0 lack the last two.
    """

    version: str
    created_at: str
    history_source: str | None
    members: Mapping[str, Member]
    history_rows: Mapping[str, int] | None = None
    history_rehearsed: bool | None = None

    @property
    def total_bytes(self) -> int:
        """Return the size of all members, unpacked."""
        return sum(member.size for member in self.members.values())

    @property
    def holds_history(self) -> bool:
        """Return whether there is a dump of the task history."""
        return HISTORY in self.members

    @property
    def tasks(self) -> int:
        """Return the number of tasks in the history; 0 where it is not known."""
        return (self.history_rows or {}).get("tasks", 0)

    @property
    def metadata(self) -> list[str]:
        """The members below `metadata/`, sorted."""
        return sorted(name for name in self.members if name.startswith(METADATA))

    def encode(self) -> bytes:
        """Return the manifest as it stands in the file."""
        document = {
            "kind": _KIND,
            "schema": SCHEMA,
            "version": self.version,
            "created_at": self.created_at,
            "history_source": self.history_source,
            "history_rows": self.history_rows and dict(self.history_rows),
            "history_rehearsed": self.history_rehearsed,
            "members": {name: asdict(member) for name, member in self.members.items()},
        }
        return json.dumps(document, indent=2).encode() + b"\n"


def decode(content: bytes) -> Manifest:
    """Read a manifest.

    Raises:
        ValueError: it is not one of ours, or of a newer make-up; the text says which.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise ValueError("its manifest is not JSON") from None
    if not isinstance(document, dict) or document.get("kind") != _KIND:
        raise ValueError("it was not made by tmdb-pipeline backup")
    if document.get("schema") != SCHEMA:
        raise ValueError("it was made by another version of tmdb-pipeline; restore it with that")
    try:
        found = Manifest(
            version=_text(document["version"]),
            created_at=_text(document["created_at"]),
            history_source=document["history_source"] and _text(document["history_source"]),
            members={_name(name): _member(row) for name, row in document["members"].items()},
            history_rows=_rows(document.get("history_rows")),
            history_rehearsed=_flag(document.get("history_rehearsed")),
        )
    except (KeyError, TypeError, AttributeError):
        raise ValueError("its manifest lacks what it has to hold") from None
    if found.history_source and not found.holds_history:
        raise ValueError("its manifest promises a task history and names none")
    return found


def may_be_kept(name: str) -> bool:
    """Return whether a member may have this name: a path that stays in its folder."""
    if name in (HISTORY, IDENTITY, *CONFIGURATION):
        return True
    if len(name) > _LONGEST_NAME:
        return False
    return name.startswith(METADATA) and all(_PART.fullmatch(part) for part in name.split("/"))


def _name(name: str) -> str:
    if not may_be_kept(name):
        raise ValueError(f"it names a member {name[:80]!r}, which no backup holds")
    return name


def _member(row: Any) -> Member:
    size, digest = row["size"], row["sha256"]
    if type(size) is not int or size < 0 or not re.fullmatch("[0-9a-f]{64}", digest):
        raise TypeError
    return Member(size, digest)


def _rows(value: Any) -> dict[str, int] | None:
    if value is None:
        return None
    if not all(type(count) is int and count >= 0 for count in value.values()):
        raise TypeError
    return {_text(table): count for table, count in value.items()}


def _flag(value: Any) -> bool | None:
    if not isinstance(value, bool | None):
        raise TypeError
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.isprintable():
        raise TypeError
    return value
