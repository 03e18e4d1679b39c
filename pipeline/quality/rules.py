"""The rules of `rules.toml`, and the limits and severities that `config/quality.toml` sets.

A missing key of that file has the packaged default: that of its rule, or the one given here.
`RULES` holds every rule in the order of the report. `VERDICTS` maps the severities, the lowest
first, to the verdict of a report in which a rule of that severity is violated. A movie that
violates a rule of 100 points, a `REQUIRED` one, scores 0 and is invalid.
"""

import functools
import tomllib
from collections import ChainMap
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType, defstruct, to_builtins

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.typed_tables import choice, convert

VERDICTS = {"info": "pass", "warn": "warn", "block": "fail"}
REQUIRED = 100
Days = Annotated[int, Meta(ge=1, le=366)]
Years = Annotated[int, Meta(ge=0, le=100)]
Limit = Annotated[float, Meta(ge=0, le=1e300)]


class Rule(Struct, frozen=True, forbid_unknown_fields=True):
    """A rule about each movie, which has a field and points, or about a list as a whole.

    `limit` is None where a rule compares with no figure; `exceptions` are limits of single lists.
    With a `margin`, the list's own baseline is the measure, and the limit counts only until there
    is one: then a violation has the severity `without_baseline`, and a list that is rejected by a
    `provisional` rule counts in the baseline. `among` says which movies the share is a share of.
    """

    id: str
    description: str
    why: str
    severity: str
    limit: float | None = None
    exceptions: Mapping[str, float] = {}
    field: str = ""
    points: int = 0
    among: str = "movies"
    margin: float | None = None
    without_baseline: str = ""
    provisional: bool = False


class MovieBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[films]` of `config/quality.toml`, which explains each figure."""

    min_films: Annotated[int, Meta(ge=1, le=10_000)] = 10
    max_invalid: Annotated[int, Meta(ge=0, le=10_000)] = 1
    min_texts: Annotated[int, Meta(ge=1, le=10_000)] = 5
    min_votes: Annotated[int, Meta(ge=0, le=10_000)] = 3
    max_years_ahead: Years = 2
    max_years_announced: Years = 10
    first_year: Annotated[int, Meta(ge=1, le=2100)] = 1874


class HistoryBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[past]` of `config/quality.toml`, which explains each figure."""

    collections: Days = 28
    daily_gap_days: Days = 3
    weekly_gap_days: Days = 21
    min_collections: Days = 5
    max_deviations: Limit = 5.0
    lasting_collections: Days = 3


class Thresholds(Struct, frozen=True):
    """The content of `config/quality.toml`.

    `stated` holds the limits by rule, and the severities and margins by rule under `severity` and
    `margins`, for each list and, by an empty name, for all lists.
    """

    on_fail: str
    history_bounds: HistoryBounds
    bounds: MovieBounds
    stated: Mapping[str, dict[str, Any]]
    genres: Collection[str]

    def limit(self, rule: Rule, list_name: str) -> float:
        """Return a rule's limit for a list."""
        default = rule.exceptions.get(list_name, rule.limit or 0.0)
        return float(ChainMap(*self._stated_for(list_name)).get(rule.id, default))

    def severity(self, rule: Rule, list_name: str) -> str:
        """Return a rule's severity for a list."""
        stated = (each["severity"] for each in self._stated_for(list_name))
        return str(ChainMap(*stated).get(rule.id, rule.severity))

    def margin(self, rule: Rule, list_name: str) -> float | None:
        """Return how far a list may be above its baseline; None where a rule has no baseline."""
        stated = (each["margins"] for each in self._stated_for(list_name))
        return ChainMap(*stated).get(rule.id, rule.margin)

    def _stated_for(self, list_name: str) -> list[dict[str, Any]]:
        """Return what is stated for the list, for all genres if it is one, and for all lists."""
        names = (list_name, "genre", "") if list_name in self.genres else (list_name, "")
        return [self.stated[name] for name in names if name in self.stated]


_TABLES = tomllib.loads(Path(__file__).with_name("rules.toml").read_text(encoding="utf-8"))
RULES = tuple(convert({"id": id_, **table}, Rule) for id_, table in _TABLES.items())
MOVIE_RULES = tuple(rule for rule in RULES if rule.field)

_table = functools.partial(defstruct, frozen=True, forbid_unknown_fields=True)
_LIMITS = [(rule.id, Limit | UnsetType, UNSET) for rule in RULES if rule.limit is not None]
_Limits = _table("_Limits", _LIMITS)
_MARGINS = [(rule.id, Limit | UnsetType, UNSET) for rule in RULES if rule.margin is not None]
_Margins = _table("_Margins", _MARGINS)
_Severity = Annotated[str, choice(*VERDICTS)]
_Severities = _table("_Severities", [(rule.id, _Severity | UnsetType, UNSET) for rule in RULES])
_OneList = _table("_OneList", [
    *_LIMITS, ("severity", _Severities, _Severities()), ("margins", _Margins, _Margins())
])  # fmt: skip
_File = _table("_File", [
    ("on_fail", Annotated[str, choice("warn", "stop")], "warn"),
    ("past", HistoryBounds, HistoryBounds()), ("films", MovieBounds, MovieBounds()),
    ("limits", _Limits, _Limits()), ("margins", _Margins, _Margins()),
    ("severity", _Severities, _Severities()),
    ("lists", dict[str, Any], {}),
])  # fmt: skip


def thresholds_from(
    tables: Mapping[str, Any], slugs: Collection[str], others: Collection[str] = ()
) -> Thresholds:
    """Turn the tables of `config/quality.toml` into thresholds, or raise SettingsError.

    `slugs` are the genres, `others` the lists that are not packaged.
    """
    file: Any = convert(tables, _File)
    named = {"severity": file.severity, "margins": file.margins}
    stated = {"": {**to_builtins(file.limits), **to_builtins(named)}}
    names = sorted({*LISTS, *slugs, *others})
    for name, table in file.lists.items():
        if name not in names:
            raise SettingsError(f"lists.{name} is not a list; expected one of {', '.join(names)}.")
        stated[name] = to_builtins(convert(table, _OneList, f"lists.{name}"))
    return Thresholds(file.on_fail, file.past, file.films, stated, slugs)
