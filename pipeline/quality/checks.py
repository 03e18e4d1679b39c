"""Every rule over every list: all of them run, and each result is data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from pipeline.documents.collect import Film
from pipeline.quality.rules import SEVERITIES, FilmRule, Severity
from pipeline.quality.snapshot import Finding, Listing, ListRule
from pipeline.quality.thresholds import RULES, Thresholds

Verdict = Literal["pass", "warn", "fail"]

MOST_EVIDENCE = 10
"""Examples that a check shows; a broken list would fill the report with them."""

MOST_LETTERS = 80
"""Of a value that is shown as evidence: it comes from strangers."""


class Shortfall(NamedTuple):
    """One rule that one list fell short of, with some films that show it, as evidence."""

    name: str
    file: str
    rule: FilmRule | ListRule
    severity: Severity
    finding: Finding
    limit: float | None
    films: Sequence[dict[str, Any]] = ()


def shortfalls(listing: Listing, thresholds: Thresholds) -> list[Shortfall]:
    """Apply every rule to a list and return what it fell short of, in the order of the rules."""
    found = (_shortfall(rule, listing, thresholds) for rule in RULES)
    return [each for each in found if each is not None]


def by_rule(found: Iterable[Shortfall]) -> list[Shortfall]:
    """Put what several lists fell short of in the order of the rules, then of the lists."""
    return sorted(found, key=lambda each: RULES.index(each.rule))


def verdict_of(found: Iterable[Shortfall]) -> Verdict:
    """`fail` where a rule of severity block fell short, else `warn` where one of warn did."""
    worst = {each.severity for each in found}
    if "block" in worst:
        return "fail"
    return "warn" if "warn" in worst else "pass"


def checks_of(
    found: Sequence[Shortfall], thresholds: Thresholds, lists: Sequence[str]
) -> list[dict[str, Any]]:
    """Return one check a rule, as the report of these lists holds it."""
    return [
        _check(rule, [each for each in found if each.rule is rule], thresholds, lists)
        for rule in RULES
    ]


def _shortfall(
    rule: FilmRule | ListRule, listing: Listing, thresholds: Thresholds
) -> Shortfall | None:
    limit = thresholds.limit(rule, listing.name)
    severity = thresholds.severity(rule, listing.name)
    if isinstance(rule, ListRule):
        finding = rule.look(listing, limit)
        if finding is None:
            return None
        told = limit if rule.has_limit else None
        return Shortfall(listing.name, listing.file, rule, severity, finding, told)
    places = listing.breaking[rule.id]
    size = len(listing.movies)
    judged = size >= listing.bounds.min_films or limit == 0
    if not places or not judged or len(places) <= limit * size:
        return None
    finding = Finding(round(len(places) / size, 4), f"{len(places)} of {size} films")
    shown = [_of_film(listing.name, rule, listing.movies[each]) for each in places[:MOST_EVIDENCE]]
    return Shortfall(listing.name, listing.file, rule, severity, finding, limit, shown)


def _check(
    rule: FilmRule | ListRule,
    found: list[Shortfall],
    thresholds: Thresholds,
    lists: Sequence[str],
) -> dict[str, Any]:
    """Return a check with the gravest severity found, or in force for one of the report's lists."""
    severities = [each.severity for each in found] or [
        thresholds.severity(rule, name) for name in lists
    ]
    return {
        "id": rule.id,
        "description": thresholds.bounds.fill_in(rule.description),
        "severity": max(severities, key=SEVERITIES.index),
        "success": not found,
        "evidence": [*map(_of_list, found), *_films(found)][:MOST_EVIDENCE],
    }


def _of_list(shortfall: Shortfall) -> dict[str, Any]:
    return {
        "list": shortfall.name,
        "finding": shortfall.finding.sentence,
        "found": shortfall.finding.found,
        "limit": shortfall.limit,
    }


def _of_film(name: str, rule: FilmRule, film: Film) -> dict[str, Any]:
    return {
        "list": name,
        "film": film.get("id"),
        "title": _shown(film.get("title")),
        "found": _shown(film.get(rule.field)),
    }


def _films(found: list[Shortfall]) -> Iterable[dict[str, Any]]:
    for each in found:
        yield from each.films


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
