"""Every rule over every list: all of them run, and each result is data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pipeline.collection import Film
from pipeline.quality.listing import FEWEST_FILMS, Finding, Listing, ListRule
from pipeline.quality.rule import SEVERITIES, FilmRule, Severity
from pipeline.quality.thresholds import RULES, Thresholds

Verdict = Literal["pass", "warn", "fail"]

MOST_EVIDENCE = 10
"""Examples that a check shows; a broken list would fill the report with them."""

MOST_LETTERS = 80
"""Of a value that is shown as evidence: it comes from strangers."""


@dataclass(frozen=True)
class Shortfall:
    """One rule that one list fell short of, with the films that show it."""

    listing: Listing
    rule: FilmRule | ListRule
    severity: Severity
    finding: Finding
    limit: float | None
    films: Sequence[Film] = ()


def shortfalls(listings: Sequence[Listing], thresholds: Thresholds) -> list[Shortfall]:
    """Apply every rule to every list and return what fell short, in the order of the rules."""
    return [
        found
        for rule in RULES
        for listing in listings
        if (found := _shortfall(rule, listing, thresholds)) is not None
    ]


def verdict_of(found: Iterable[Shortfall]) -> Verdict:
    """`fail` where a rule of severity block fell short, else `warn` where one of warn did."""
    worst = {each.severity for each in found}
    if "block" in worst:
        return "fail"
    return "warn" if "warn" in worst else "pass"


def checks_of(found: Sequence[Shortfall], thresholds: Thresholds) -> list[dict[str, Any]]:
    """Return one check a rule, as it stands in the report."""
    return [
        _check(rule, thresholds.severity(rule, ""), [each for each in found if each.rule is rule])
        for rule in RULES
    ]


def _shortfall(
    rule: FilmRule | ListRule, listing: Listing, thresholds: Thresholds
) -> Shortfall | None:
    limit = thresholds.limit(rule, listing.name)
    severity = thresholds.severity(rule, listing.name)
    if isinstance(rule, ListRule):
        finding = rule.look(listing, limit)
        shown = limit if rule.has_limit else None
        return Shortfall(listing, rule, severity, finding, shown) if finding else None
    films = listing.breaking.get(rule.id, [])
    size = len(listing.movies)
    judged = size >= FEWEST_FILMS or limit == 0
    if not films or not judged or len(films) <= limit * size:
        return None
    finding = Finding(round(len(films) / size, 4), f"{len(films)} of {size} films")
    return Shortfall(listing, rule, severity, finding, limit, films)


def _check(rule: FilmRule | ListRule, severity: Severity, found: list[Shortfall]) -> dict[str, Any]:
    severities = [each.severity for each in found]
    return {
        "id": rule.id,
        "description": rule.description,
        "severity": max(severities, key=SEVERITIES.index, default=severity),
        "success": not found,
        "evidence": [*map(_of_list, found), *_of_films(found)][:MOST_EVIDENCE],
    }


def _of_list(shortfall: Shortfall) -> dict[str, Any]:
    return {
        "list": shortfall.listing.name,
        "finding": shortfall.finding.sentence,
        "found": shortfall.finding.found,
        "limit": shortfall.limit,
    }


def _of_films(found: list[Shortfall]) -> Iterable[dict[str, Any]]:
    for each in found:
        if isinstance(each.rule, FilmRule):
            for film in each.films[:MOST_EVIDENCE]:
                yield {
                    "list": each.listing.name,
                    "film": film.get("id"),
                    "title": _shown(film.get("title")),
                    "found": _shown(film.get(each.rule.field)),
                }


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
