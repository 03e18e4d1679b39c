"""The limits and severities of `config/quality.toml`, with the exceptions for single lists.

A key that the file lacks has the packaged default; an unknown key is refused by its name.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, TypeVar

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.quality.baseline_rules import PAST_RULES
from pipeline.quality.defaults import TABLES, Bounds
from pipeline.quality.fields import is_number
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.rules import SEVERITIES, FilmRule, Severity
from pipeline.quality.snapshot import ListRule

RULES: tuple[FilmRule | ListRule, ...] = (*FILM_RULES, *LIST_RULES, *PAST_RULES)
"""Every rule there is, in the order of the report."""

_BY_ID = {rule.id: rule for rule in RULES}
_WITHOUT_LIMIT = {each.id for each in RULES if isinstance(each, ListRule) and not each.has_limit}

_ALL_LISTS = ""
_MAX_DAYS = 366
_MAX_FILMS = 10_000
_MAX_YEARS = 100
_MAX_YEAR = 2100

_WHOLE_NUMBERS = {
    "past": {
        "collections": (1, _MAX_DAYS),
        "daily_gap_days": (1, _MAX_DAYS),
        "weekly_gap_days": (1, _MAX_DAYS),
        "min_collections": (1, _MAX_DAYS),
    },
    "films": {
        "min_films": (1, _MAX_FILMS),
        "min_votes": (0, _MAX_FILMS),
        "max_years_ahead": (0, _MAX_YEARS),
        "max_years_announced": (0, _MAX_YEARS),
        "first_year": (1, _MAX_YEAR),
    },
}
"""Table -> key -> lowest and highest value."""

_Value = TypeVar("_Value")
_ByList = dict[tuple[str, str], _Value]
"""List and rule id -> value; the empty list name stands for all lists."""


class Thresholds(NamedTuple):
    """The content of `config/quality.toml`.

    `limits` and `severities` go by list and rule; the empty list name stands for all lists.
    `collections` is how many earlier ones are looked at; the gaps are days.
    """

    stops: bool
    collections: int
    daily_gap_days: int
    weekly_gap_days: int
    bounds: Bounds
    limits: Mapping[tuple[str, str], float]
    severities: Mapping[tuple[str, str], Severity]

    def limit(self, rule: FilmRule | ListRule, list_name: str) -> float:
        """Return the rule's limit for that list, or for all lists where the name is empty."""
        for name in _names(list_name):
            if (name, rule.id) in self.limits:
                return self.limits[name, rule.id]
        return 0.0

    def severity(self, rule: FilmRule | ListRule, list_name: str) -> Severity:
        """Return the rule's severity for that list, or for all lists where the name is empty."""
        for name in _names(list_name):
            if (name, rule.id) in self.severities:
                return self.severities[name, rule.id]
        return rule.severity


def thresholds_from(tables: Mapping[str, Any], slugs: Collection[str]) -> Thresholds:
    """Turn the tables of `config/quality.toml` into thresholds; `slugs` are the plan's genres.

    A limit for all lists that the file names wins over a packaged one for a single list.

    Raises:
        SettingsError: a key is unknown or has an unusable value; the sentence names it.
    """
    _only(tables, set(TABLES), "the top level")
    on_fail = tables.get("on_fail", TABLES["on_fail"])
    if on_fail not in ("warn", "stop"):
        raise SettingsError('on_fail has to be "warn" or "stop".')
    past = _whole_numbers(tables, "past", {"max_deviations"})
    limits, severities = _by_list(tables, slugs)
    packaged_limits, packaged_severities = _by_list(TABLES, slugs)
    return Thresholds(
        stops=on_fail == "stop",
        collections=past["collections"],
        daily_gap_days=past["daily_gap_days"],
        weekly_gap_days=past["weekly_gap_days"],
        bounds=Bounds(
            **_whole_numbers(tables, "films"),
            min_collections=past["min_collections"],
            max_deviations=_max_deviations(tables),
        ),
        limits=_completed(limits, packaged_limits),
        severities=_completed(severities, packaged_severities),
    )


def _names(list_name: str) -> tuple[str, ...]:
    """Return the names under which a list's values are looked for, the narrowest first."""
    if list_name in (*LISTS, _ALL_LISTS):
        return (list_name, _ALL_LISTS)
    return (list_name, "genre", _ALL_LISTS)


def _completed(given: _ByList[_Value], packaged: _ByList[_Value]) -> _ByList[_Value]:
    """Add the packaged values, except for rules that the file has a value for all lists of."""
    general = {rule_id for name, rule_id in given if name == _ALL_LISTS}
    missing = {key: value for key, value in packaged.items() if key[1] not in general}
    return {**missing, **given}


def _by_list(
    tables: Mapping[str, Any], slugs: Collection[str]
) -> tuple[_ByList[float], _ByList[Severity]]:
    """Read the limits and severities that the tables name."""
    limits = _limits(_table(tables, "limits"), _ALL_LISTS)
    severities = _severities(_table(tables, "severity"), _ALL_LISTS)
    names = {*LISTS, *slugs}
    for name, table in _table(tables, "lists").items():
        if name not in names or not isinstance(table, dict):
            raise SettingsError(f"lists.{name} is no list; known: {', '.join(sorted(names))}.")
        limits |= _limits({key: table[key] for key in table if key != "severity"}, name)
        severities |= _severities(table.get("severity", {}), name)
    return limits, severities


def _limits(table: Mapping[str, Any], name: str) -> _ByList[float]:
    for rule_id, value in table.items():
        where = f"lists.{name}.{rule_id}" if name else f"limits.{rule_id}"
        if rule_id not in _BY_ID or rule_id in _WITHOUT_LIMIT:
            raise SettingsError(f"{where} is no rule with a limit; docs/quality.md lists them.")
        _refuse_negative(where, value)
    return {(name, rule_id): float(value) for rule_id, value in table.items()}


def _severities(table: Any, name: str) -> _ByList[Severity]:
    where = f"lists.{name}.severity" if name else "severity"
    if not isinstance(table, dict):
        raise SettingsError(f"{where} has to be a table of rules.")
    for rule_id, value in table.items():
        if rule_id not in _BY_ID:
            raise SettingsError(f"{where}.{rule_id} is no rule; docs/quality.md lists them.")
        if value not in SEVERITIES:
            raise SettingsError(f"{where}.{rule_id} has to be info, warn or block.")
    return {(name, rule_id): value for rule_id, value in table.items()}


def _whole_numbers(
    tables: Mapping[str, Any], name: str, others: Collection[str] = ()
) -> dict[str, int]:
    """Read a table of whole numbers; `others` are keys of it that are read elsewhere."""
    known, given = _WHOLE_NUMBERS[name], _table(tables, name)
    _only(given, {*known, *others}, f"[{name}]")
    values = {key: given.get(key, TABLES[name][key]) for key in known}
    for key, (lowest, highest) in known.items():
        if type(values[key]) is not int or not lowest <= values[key] <= highest:
            raise SettingsError(f"{name}.{key} needs a whole number from {lowest} to {highest}.")
    return values


def _max_deviations(tables: Mapping[str, Any]) -> float:
    key = "max_deviations"
    value = _table(tables, "past").get(key, TABLES["past"][key])
    _refuse_negative(f"past.{key}", value)
    return float(value)


def _refuse_negative(where: str, value: Any) -> None:
    if not is_number(value) or not value >= 0:
        raise SettingsError(f"{where} needs a number, 0 or more.")


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise SettingsError(f"{name} has to be a table: write [{name}] and its keys below it.")
    return table


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise SettingsError(f"{where} has an unknown key {unknown[0]!r}.")
