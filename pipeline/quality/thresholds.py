"""The limits and severities of `config/quality.toml`, with the exceptions for single lists.

A missing key has the packaged default, which is in `bounds.py`, in the tables of the rules, and in
`PACKAGED_EXCEPTIONS`. An unknown key is refused by name.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Literal, TypeVar, get_args

import msgspec
from msgspec import Struct

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.quality.baseline_rules import BASELINE_RULES
from pipeline.quality.bounds import (
    DEFAULT_HISTORY_BOUNDS,
    DEFAULT_MOVIE_BOUNDS,
    HistoryBounds,
    Limit,
    MovieBounds,
)
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.movie_rules import MOVIE_RULES
from pipeline.quality.rules import Rule, Severity

RULES: tuple[Rule, ...] = (*MOVIE_RULES, *LIST_RULES, *BASELINE_RULES)
"""Every rule, in the order of the report."""

PACKAGED_EXCEPTIONS = {("trending", "ranks"): 0.45, ("trending", "overviews_unusual"): 0.4}
"""List and rule id -> the limit for that list where the file has no limit for the rule."""

_ALL_LISTS = ""
_IDS = {rule.id for rule in RULES}
_IDS_WITH_LIMIT = {rule.id for rule in RULES if rule.limit is not None}

OnFail = Literal["warn", "stop"]
_Value = TypeVar("_Value")


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of the file; keys that are rules or lists are checked one by one."""

    on_fail: Any = "warn"
    past: HistoryBounds = DEFAULT_HISTORY_BOUNDS
    films: MovieBounds = DEFAULT_MOVIE_BOUNDS
    limits: dict[str, Any] = {}
    severity: dict[str, Any] = {}
    lists: dict[str, Any] = {}


class Thresholds(Struct, frozen=True):
    """The content of `config/quality.toml`.

    `limits` and `severities` go by the name of a list, or by the empty name for all lists, and then
    by the id of a rule; they hold what the file states.
    """

    on_fail: OnFail
    history_bounds: HistoryBounds
    bounds: MovieBounds
    limits: dict[str, dict[str, float]]
    severities: dict[str, dict[str, Severity]]

    @property
    def stops(self) -> bool:
        """Whether the verdict `fail` stops the run."""
        return self.on_fail == "stop"

    def limit(self, rule: Rule, list_name: str) -> float:
        """Return a rule's limit for a list, or for all lists where the name is empty."""
        packaged = PACKAGED_EXCEPTIONS.get((list_name, rule.id), rule.limit or 0.0)
        return float(next(_stated(self.limits, rule, list_name), packaged))

    def severity(self, rule: Rule, list_name: str) -> Severity:
        """Return a rule's severity for a list, or for all lists where the name is empty."""
        return next(_stated(self.severities, rule, list_name), rule.severity)


def thresholds_from(tables: Mapping[str, Any], slugs: Collection[str]) -> Thresholds:
    """Turn the tables of `config/quality.toml` into thresholds; `slugs` are the genres.

    Raises:
        SettingsError: a key is unknown or has an unusable value; the sentence names the key.
    """
    file = _convert(tables, _File, "")
    limits = {_ALL_LISTS: _limits(file.limits, "limits")}
    severities = {_ALL_LISTS: _severities(file.severity, "severity")}
    names = sorted({*LISTS, *slugs})
    for name, value in file.lists.items():
        where = f"lists.{name}"
        if name not in names:
            raise SettingsError(f"{where} is not a list; expected one of {', '.join(names)}.")
        table = dict(_convert(value, dict[str, Any], where))
        severities[name] = _severities(table.pop("severity", {}), f"{where}.severity")
        limits[name] = _limits(table, where)
    return Thresholds(
        on_fail=_convert(file.on_fail, OnFail, "on_fail"),
        history_bounds=file.past,
        bounds=file.films,
        limits=limits,
        severities=severities,
    )


def _stated(
    stated: Mapping[str, Mapping[str, _Value]], rule: Rule, list_name: str
) -> Iterator[_Value]:
    """Yield what the file states for a rule, the value for the single list first."""
    is_genre = list_name not in (*LISTS, _ALL_LISTS)
    for name in (list_name, *(["genre"] if is_genre else []), _ALL_LISTS):
        if rule.id in stated.get(name, {}):
            yield stated[name][rule.id]


def _limits(table: Mapping[str, Any], where: str) -> dict[str, float]:
    return _by_rule(table, _IDS_WITH_LIMIT, Limit, where, "a rule with a limit")


def _severities(table: Any, where: str) -> dict[str, Severity]:
    return _by_rule(_convert(table, dict[str, Any], where), _IDS, Severity, where, "a rule")


def _by_rule(
    table: Mapping[str, Any], known: Collection[str], expected: Any, where: str, noun: str
) -> dict[str, Any]:
    for rule_id in table:
        if rule_id not in known:
            raise SettingsError(f"{where}.{rule_id} is not {noun}; docs/quality.md lists them.")
    return {key: _convert(value, expected, f"{where}.{key}") for key, value in table.items()}


def _convert(value: Any, expected: Any, where: str) -> Any:
    """Return a value as the type that is expected, or raise SettingsError naming its key."""
    try:
        return msgspec.convert(value, expected)
    except msgspec.ValidationError as error:
        what, _, path = str(error).partition(" - at `$")
    key = (where + path.rstrip("`")).lstrip(".")
    if what.startswith("Object contains unknown field"):
        raise SettingsError(f"{key or 'The top level'} has an unknown key {what.split()[-1]}.")
    if choices := get_args(expected) if expected in (OnFail, Severity) else ():
        what = f"Expected {' or '.join(map(repr, choices))}"
    what = what.replace("`object`", "a table")
    raise SettingsError(f"{key} is unusable: {what[0].lower()}{what[1:]}.")
