"""The validation report: every rule over every film and every list, nothing left out. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pipeline.collection import Film, common_source
from pipeline.errors import NoData
from pipeline.quality.rules import FILM_RULES, LIST_RULES, FilmRule
from pipeline.version import SCHEMA_VERSION

PASS_THRESHOLD_PERCENT = 80.0
"""Below this share of passing films a day is warned of: the figure of the set-up we replace."""

QUALITY_LEVELS = (("excellent", 90), ("good", 75), ("fair", 50), ("poor", 0))
"""Names of the score bands and the lowest score of each."""


def validation_report(
    date: datetime.date, documents: Mapping[str, dict[str, Any]]
) -> dict[str, Any]:
    """Check the day's lists.

    Args:
        date: the day the lists are of.
        documents: file name below the data root -> the list's document.

    Returns:
        The report. `overall_quality_score` is the mean score of the films (0-100),
        `validation_rate` the percentage of films that break no required rule, `common_issues` what
        was found, most frequent first.

    Raises:
        NoData: there is no film in any of the lists.
    """
    films = [film for document in documents.values() for film in document["movies"]]
    if not films:
        raise NoData(f"There is no film to validate for {date}: {', '.join(documents)}.")
    broken = [_broken_rules(film, date) for film in films]
    scores = [_score(rules) for rules in broken]
    passed = sum(1 for rules in broken if not any(rule.required for rule in rules))
    rate = passed / len(films) * 100
    return {
        "validation_date": date.isoformat(),
        "files_validated": [
            {"file": name, "movie_count": len(document["movies"])}
            for name, document in documents.items()
        ],
        "overall_quality_score": round(sum(scores) / len(scores), 2),
        "total_movies_validated": len(films),
        "total_movies_passed": passed,
        "validation_rate": round(rate, 2),
        "quality_distribution": _distribution(scores),
        "common_issues": _common_issues(broken),
        "list_issues": _list_issues(documents),
        "pass_threshold": PASS_THRESHOLD_PERCENT,
        "below_threshold": rate < PASS_THRESHOLD_PERCENT,
        "late_by_days": max(_lateness(document) for document in documents.values()),
        "source": common_source(documents.values()),
        "schema_version": SCHEMA_VERSION,
    }


def _broken_rules(film: Film, date: datetime.date) -> list[FilmRule]:
    return [rule for rule in FILM_RULES if not rule.holds(film, date)]


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


def _list_issues(documents: Mapping[str, dict[str, Any]]) -> list[dict[str, str]]:
    return [
        {"file": name, "issue": rule.id, "finding": finding}
        for name, document in documents.items()
        for rule in LIST_RULES
        if (finding := rule.finding(document))
    ]


def _lateness(document: dict[str, Any]) -> int:
    days = document["collection_info"].get("late_by_days")
    return days if type(days) is int else 0
