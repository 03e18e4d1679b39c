"""The validation report: every rule over every film and every list, nothing left out. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pipeline.collection import common_source
from pipeline.errors import NoData
from pipeline.quality.checks import Shortfall, checks_of, shortfalls, verdict_of
from pipeline.quality.drift import drift_of
from pipeline.quality.film_rules import FILM_RULES
from pipeline.quality.list_rules import lateness
from pipeline.quality.listing import Listing
from pipeline.quality.profile import to_document
from pipeline.quality.rule import FilmRule
from pipeline.quality.thresholds import Thresholds
from pipeline.version import SCHEMA_VERSION

PASS_THRESHOLD_PERCENT = 80.0
"""Below this share of passing films a day is warned of: the figure of the set-up we replace."""

QUALITY_LEVELS = (("excellent", 90), ("good", 75), ("fair", 50), ("poor", 0))
"""Names of the score bands and the lowest score of each."""


def validation_report(
    date: datetime.date, listings: Sequence[Listing], thresholds: Thresholds
) -> dict[str, Any]:
    """Check the lists of a day or a week.

    Returns:
        The report. `verdict` is the word for it, `checks` every rule with what it found,
        `overall_quality_score` the mean score of the films (0-100), `validation_rate` the
        percentage of films that break no required rule, `common_issues` what was found in films,
        most frequent first.

    Raises:
        NoData: there is no film in any of the lists.
    """
    broken = [rules for listing in listings for rules in listing.broken]
    if not broken:
        files = ", ".join(listing.file for listing in listings)
        raise NoData(f"There is no film to validate for {date}: {files}.")
    scores = [_score(rules) for rules in broken]
    passed = sum(1 for rules in broken if not any(rule.required for rule in rules))
    rate = passed / len(broken) * 100
    found = shortfalls(listings, thresholds)
    return {
        "validation_date": date.isoformat(),
        "files_validated": [
            {"file": each.file, "movie_count": len(each.movies)} for each in listings
        ],
        "overall_quality_score": round(sum(scores) / len(scores), 2),
        "total_movies_validated": len(broken),
        "total_movies_passed": passed,
        "validation_rate": round(rate, 2),
        "quality_distribution": _distribution(scores),
        "common_issues": _common_issues(broken),
        "verdict": verdict_of(found),
        "checks": checks_of(found, thresholds),
        "failed_lists": _failed(found),
        "drift": _drift(listings, found),
        "lateness": _lateness(listings),
        "list_issues": _list_issues(found),
        "pass_threshold": PASS_THRESHOLD_PERCENT,
        "below_threshold": rate < PASS_THRESHOLD_PERCENT,
        "late_by_days": max(each.count("late_by_days") for each in listings),
        "source": common_source(each.document for each in listings),
        "schema_version": SCHEMA_VERSION,
        "profiles": {each.name: to_document(each.profile) for each in listings},
    }


def _score(broken: list[FilmRule]) -> int:
    return max(0, 100 - sum(rule.points for rule in broken))


def _distribution(scores: list[int]) -> dict[str, int]:
    levels = Counter(
        next(name for name, lowest in QUALITY_LEVELS if score >= lowest) for score in scores
    )
    return {name: levels[name] for name, _ in QUALITY_LEVELS}


def _common_issues(broken: list[list[FilmRule]]) -> list[dict[str, Any]]:
    counts = Counter(rule.id for rules in broken for rule in rules)
    found = [rule for rule in FILM_RULES if counts[rule.id]]
    return [
        {
            "issue": rule.id,
            "count": counts[rule.id],
            "required": rule.required,
            "description": f"not so: {rule.description}",
        }
        for rule in sorted(found, key=lambda rule: -counts[rule.id])
    ]


def _failed(found: list[Shortfall]) -> list[str]:
    """Return the lists that fell short of a rule of severity block, each once."""
    return list(dict.fromkeys(each.listing.name for each in found if each.severity == "block"))


def _drift(listings: Sequence[Listing], found: list[Shortfall]) -> list[dict[str, Any]]:
    moved = {each.listing.name for each in found if each.rule.id == "popularity_scale"}
    return [entry for each in listings for entry in drift_of(each, each.name in moved)]


def _lateness(listings: Sequence[Listing]) -> list[dict[str, Any]]:
    return [
        {"list": each.name, "days": each.count("late_by_days"), "finding": found.sentence}
        for each in listings
        if (found := lateness(each))
    ]


def _list_issues(found: list[Shortfall]) -> list[dict[str, str]]:
    return [
        {"file": each.listing.file, "issue": each.rule.id, "finding": each.finding.sentence}
        for each in found
        if not isinstance(each.rule, FilmRule)
    ]
