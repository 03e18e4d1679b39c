"""The limits and severities of `config/quality.toml`, with the exceptions for single lists.

A missing key has the packaged default, which is in `rules.py` or in the table of its rule.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from typing import Annotated, Any

from msgspec import UNSET, Struct, UnsetType, defstruct
from msgspec.structs import asdict

from pipeline.catalog import LISTS
from pipeline.errors import SettingsError
from pipeline.quality.baseline_rules import BASELINE_RULES
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.movie_rules import MOVIE_RULES
from pipeline.quality.rules import SEVERITIES, HistoryBounds, Limit, MovieBounds, Rule
from pipeline.typed_tables import choice, convert

# Every rule, in the order of the report.
RULES: tuple[Rule, ...] = (*MOVIE_RULES, *LIST_RULES, *BASELINE_RULES)

_ALL_LISTS, _ALL_GENRES = "", "genre"

_Severity = Annotated[str, choice(*SEVERITIES)]
_SEVERITIES = [(rule.id, _Severity | UnsetType, UNSET) for rule in RULES]
_LIMITS = [(rule.id, Limit | UnsetType, UNSET) for rule in RULES if rule.limit is not None]

_table = functools.partial(defstruct, frozen=True, forbid_unknown_fields=True)
_Severities = _table("_Severities", _SEVERITIES)
_Limits = _table("_Limits", _LIMITS)
_OneList = _table("_OneList", [*_LIMITS, ("severity", _Severities, _Severities())])


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    """The tables of the file; those whose keys are rules or lists are converted one by one."""

    on_fail: Annotated[str, choice("warn", "stop")] = "warn"
    past: HistoryBounds = HistoryBounds()
    films: MovieBounds = MovieBounds()
    limits: Any = {}
    severity: Any = {}
    lists: dict[str, Any] = {}


class Thresholds(Struct, frozen=True):
    """The content of `config/quality.toml`.

    `stated` goes by the name of a list, or the empty name for all lists, and by the id of a rule
    for its limit or `severity.` and the id for its severity.
    """

    on_fail: str
    history_bounds: HistoryBounds
    bounds: MovieBounds
    stated: Mapping[tuple[str, str], Any]
    genres: Collection[str]

    @property
    def stops(self) -> bool:
        """Whether the verdict `fail` stops the run."""
        return self.on_fail == "stop"

    def limit(self, rule: Rule, list_name: str) -> float:
        """Return a rule's limit for a list."""
        default = rule.exceptions.get(list_name, rule.limit or 0.0)
        return float(self._narrowest(list_name, rule.id, default))

    def severity(self, rule: Rule, list_name: str) -> str:
        """Return a rule's severity for a list."""
        return str(self._narrowest(list_name, f"severity.{rule.id}", rule.severity))

    def _narrowest(self, list_name: str, key: str, default: Any) -> Any:
        """Return what is stated for the list, else for all genres if it is one, else for all."""
        genres = (_ALL_GENRES,) if list_name in self.genres else ()
        keys = [(name, key) for name in (list_name, *genres, _ALL_LISTS)]
        return next((self.stated[each] for each in keys if each in self.stated), default)


def thresholds_from(
    tables: Mapping[str, Any], slugs: Collection[str], others: Collection[str] = ()
) -> Thresholds:
    """Turn the tables of `config/quality.toml` into thresholds.

    `slugs` are the genres, `others` the lists that are not packaged.

    Raises:
        SettingsError: a key is unknown or has an unusable value; the sentence names the key.
    """
    file, names = convert(tables, _File), sorted({*LISTS, *slugs, *others})
    stated = _stated(_ALL_LISTS, convert(file.limits, _Limits, "limits"))
    severities = convert(file.severity, _Severities, "severity")
    stated |= _stated(_ALL_LISTS, severities, "severity.")
    for name, table in file.lists.items():
        if name not in names:
            raise SettingsError(f"lists.{name} is not a list; expected one of {', '.join(names)}.")
        exceptions: Any = convert(table, _OneList, f"lists.{name}")
        stated |= _stated(name, exceptions) | _stated(name, exceptions.severity, "severity.")
    return Thresholds(file.on_fail, file.past, file.films, stated, slugs)


def _stated(name: str, table: Struct, prefix: str = "") -> dict[tuple[str, str], Any]:
    values = asdict(table).items()
    return {(name, f"{prefix}{key}"): value for key, value in values if value is not UNSET}
