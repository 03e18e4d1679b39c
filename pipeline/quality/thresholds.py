"""The limits and severities of `config/quality.toml`, with what is said for one list."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from pipeline.errors import SettingsError
from pipeline.plan import LISTS
from pipeline.quality.film_rules import FILM_RULES
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.listing import ListRule
from pipeline.quality.past_rules import PAST_RULES
from pipeline.quality.rule import SEVERITIES, FilmRule, Severity
from pipeline.quality.values import is_number

RULES: tuple[FilmRule | ListRule, ...] = (*FILM_RULES, *LIST_RULES, *PAST_RULES)
"""Every rule there is, in the order of the report."""

_BY_ID = {rule.id: rule for rule in RULES}
_WITHOUT_LIMIT = {each.id for each in RULES if isinstance(each, ListRule) and not each.has_limit}
_MAY_MISS = {each.id for each in RULES if isinstance(each, FilmRule) and each.required}
"""Required rules, whose limit is 0 unless it is given."""

_OF_ALL = ""
_PAST = ("collections", "daily_gap_days", "weekly_gap_days")


class Thresholds(NamedTuple):
    """The content of `config/quality.toml`.

    `limits` and `severities` go by list and rule; the empty list name stands for all lists.
    `collections` is how many earlier ones are looked at; the gaps are days.
    """

    stops: bool
    collections: int
    daily_gap_days: int
    weekly_gap_days: int
    limits: Mapping[tuple[str, str], float]
    severities: Mapping[tuple[str, str], Severity]

    def limit(self, rule: FilmRule | ListRule, list_name: str) -> float:
        """Return the rule's limit for that list."""
        return next(
            (
                self.limits[name, rule.id]
                for name in _names(list_name)
                if (name, rule.id) in self.limits
            ),
            0.0,
        )

    def severity(self, rule: FilmRule | ListRule, list_name: str) -> Severity:
        """Return how grave it is where the rule is not kept in that list."""
        return next(
            (
                self.severities[name, rule.id]
                for name in _names(list_name)
                if (name, rule.id) in self.severities
            ),
            rule.severity,
        )


def thresholds_from(tables: Mapping[str, Any], slugs: Collection[str]) -> Thresholds:
    """Turn the tables of `config/quality.toml` into thresholds; `slugs` are the plan's genres.

    Raises:
        SettingsError: a key is missing, unknown or has an unusable value; the sentence names it.
    """
    known = {"on_fail", "past", "limits", "severity", "lists"}
    _only(tables, known, "the top level")
    if tables.get("on_fail") not in ("warn", "stop"):
        raise SettingsError('on_fail has to be "warn" or "stop".')
    past = _past(_table(tables, "past"))
    limits: dict[tuple[str, str], float] = {}
    severities: dict[tuple[str, str], Severity] = {}
    _read_limits(_table(tables, "limits"), _OF_ALL, limits)
    _refuse_missing(limits)
    _read_severities(_table(tables, "severity"), _OF_ALL, severities)
    names = {*LISTS, *slugs}
    for name, table in _table(tables, "lists").items():
        if name not in names or not isinstance(table, dict):
            raise SettingsError(f"lists.{name} is no list; known: {', '.join(sorted(names))}.")
        _read_limits({k: v for k, v in table.items() if k != "severity"}, name, limits)
        _read_severities(table.get("severity", {}), name, severities)
    return Thresholds(tables["on_fail"] == "stop", *past, limits, severities)


def _names(list_name: str) -> tuple[str, ...]:
    """Return under which names a list is spoken of, the narrowest first."""
    return (list_name, _OF_ALL) if list_name in LISTS else (list_name, "genre", _OF_ALL)


def _read_limits(table: Mapping[str, Any], name: str, limits: dict[tuple[str, str], float]) -> None:
    for rule_id, value in table.items():
        where = f"lists.{name}.{rule_id}" if name else f"limits.{rule_id}"
        if rule_id not in _BY_ID or rule_id in _WITHOUT_LIMIT:
            raise SettingsError(f"{where} is no rule with a limit; docs/quality.md lists them.")
        if not is_number(value) or not value >= 0:
            raise SettingsError(f"{where} needs a number, 0 or more.")
        limits[name, rule_id] = float(value)


def _refuse_missing(limits: Mapping[tuple[str, str], float]) -> None:
    wanted = set(_BY_ID) - _WITHOUT_LIMIT - _MAY_MISS
    missing = sorted(wanted - {rule_id for _, rule_id in limits})
    if missing:
        raise SettingsError(f"limits.{missing[0]} is missing.")


def _read_severities(table: Any, name: str, severities: dict[tuple[str, str], Severity]) -> None:
    where = f"lists.{name}.severity" if name else "severity"
    if not isinstance(table, dict):
        raise SettingsError(f"{where} has to be a table of rules.")
    for rule_id, value in table.items():
        if rule_id not in _BY_ID:
            raise SettingsError(f"{where}.{rule_id} is no rule; docs/quality.md lists them.")
        if value not in SEVERITIES:
            raise SettingsError(f"{where}.{rule_id} has to be info, warn or block.")
        severities[name, rule_id] = value


def _past(table: Mapping[str, Any]) -> tuple[int, int, int]:
    _only(table, set(_PAST), "[past]")
    values = []
    for key in _PAST:
        value = table.get(key)
        if type(value) is not int or not 1 <= value <= 366:
            raise SettingsError(f"past.{key} needs a whole number from 1 to 366.")
        values.append(value)
    return values[0], values[1], values[2]


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    table = tables.get(name)
    if not isinstance(table, dict):
        raise SettingsError(f"[{name}] is missing.")
    return table


def _only(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise SettingsError(f"{where} has an unknown key {unknown[0]!r}.")
