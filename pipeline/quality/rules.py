"""The rules by their ids, in the order of the report; their packaged values are in `rules.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

# A violated rule of severity info is reported only; warn and block make the verdict warn and fail.
SEVERITIES = ("info", "warn", "block")

# The points of a required rule: a movie that violates one scores 0, and is invalid.
REQUIRED = 100


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule about each movie, which has a field and points, or about a list as a whole.

    `limit` is None where a rule compares with no figure; `exceptions` are limits of single lists.
    """

    id: str
    description: str
    why: str
    severity: str
    limit: float | None = None
    exceptions: Mapping[str, float] = {}
    field: str = ""
    points: int = 0


_TABLES = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))

RULES = tuple(msgspec.convert({"id": id_, **table}, Rule) for id_, table in _TABLES.items())
MOVIE_RULES = tuple(rule for rule in RULES if rule.field)
