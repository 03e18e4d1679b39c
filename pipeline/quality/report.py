"""The validation report: every rule over every film and every list, nothing left out. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from pipeline.documents.collect import common_source
from pipeline.errors import NoData
from pipeline.quality.baseline import to_document
from pipeline.quality.checks import Shortfall, by_rule, checks_of, verdict_of
from pipeline.quality.judgement import Judgement, judgement
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.rules import FilmRule
from pipeline.quality.snapshot import Listing
from pipeline.quality.thresholds import RULES, Thresholds
from pipeline.version import SCHEMA_VERSION

QUALITY_LEVELS = (("excellent", 90), ("good", 75), ("fair", 50), ("poor", 0))
"""Names of the score bands and the lowest score of each. No rule compares anything with them."""

_TOLERANCE = 1e-6
"""Of a film: a sum of shares is not exact."""

_FILMS_VALID = next(rule for rule in RULES if rule.id == "films_valid")


def validation_report(
    date: datetime.date, listings: Iterable[Listing], thresholds: Thresholds
) -> dict[str, Any]:
    """Check the lists of a day or a week, one at a time: they may come from an iterator.

    Returns:
        The report. `verdict` is the word for it, `checks` every rule with what it found,
        `overall_quality_score` the mean score of the films (0-100), `validation_rate` the
        percentage of films that break no required rule, `common_issues` what was found in films,
        most frequent first.

    Raises:
        NoData: there is no film in any of the lists.
    """
    judged = [judgement(listing, thresholds) for listing in listings]
    films = sum(each.films for each in judged)
    if not films:
        files = ", ".join(each.file for each in judged)
        raise NoData(f"There is no film to validate for {date}: {files}.")
    scores = sum((each.scores for each in judged), Counter[int]())
    passed = sum(each.passed for each in judged)
    rate, demanded = passed / films * 100, _demanded(judged, thresholds)
    issues = sum((each.issues for each in judged), Counter[str]())
    found = by_rule(short for each in judged for short in each.shortfalls)
    return {
        "validation_date": date.isoformat(),
        "files_validated": [{"file": each.file, "movie_count": each.films} for each in judged],
        "overall_quality_score": round(_total(scores) / films, 2),
        "total_movies_validated": films,
        "total_movies_passed": passed,
        "validation_rate": round(rate, 2),
        "quality_distribution": _distribution(scores),
        "common_issues": _common_issues(issues, thresholds),
        "verdict": verdict_of(found),
        "checks": checks_of(found, thresholds, [each.name for each in judged]),
        "failed_lists": _failed(found),
        "drift": [entry for each in judged for entry in each.drift],
        "lateness": _lateness(judged),
        "list_issues": _list_issues(found),
        "pass_threshold": round(demanded / films * 100, 2),
        "below_threshold": passed < demanded - _TOLERANCE,
        "late_by_days": max(each.late_by_days for each in judged),
        "source": common_source(str(each.identity.source) for each in judged),
        **judged[0].identity.place(),
        "schema_version": SCHEMA_VERSION,
        "profiles": {each.name: to_document(each.profile) for each in judged},
    }


def _demanded(judged: Sequence[Judgement], thresholds: Thresholds) -> float:
    """Return how many films have to be valid by `films_valid`, over all the lists together."""
    return sum(thresholds.limit(_FILMS_VALID, each.name) * each.films for each in judged)


def _total(scores: Counter[int]) -> int:
    return sum(score * count for score, count in scores.items())


def _distribution(scores: Counter[int]) -> dict[str, int]:
    levels = {name: 0 for name, _ in QUALITY_LEVELS}
    for score, count in scores.items():
        levels[next(name for name, lowest in QUALITY_LEVELS if score >= lowest)] += count
    return levels


def _common_issues(counts: Counter[str], thresholds: Thresholds) -> list[dict[str, Any]]:
    found = [rule for rule in FILM_RULES if counts[rule.id]]
    return [
        {
            "issue": rule.id,
            "count": counts[rule.id],
            "required": rule.required,
            "description": f"not so: {thresholds.bounds.fill_in(rule.description)}",
        }
        for rule in sorted(found, key=lambda rule: -counts[rule.id])
    ]


def _failed(found: list[Shortfall]) -> list[str]:
    """Return the lists that fell short of a rule of severity block, each once."""
    return list(dict.fromkeys(each.name for each in found if each.severity == "block"))


def _lateness(judged: Sequence[Judgement]) -> list[dict[str, Any]]:
    return [
        {"list": each.name, "days": each.late_by_days, "finding": each.lateness.sentence}
        for each in judged
        if each.lateness
    ]


def _list_issues(found: list[Shortfall]) -> list[dict[str, str]]:
    return [
        {"file": each.file, "issue": each.rule.id, "finding": each.finding.sentence}
        for each in found
        if not isinstance(each.rule, FilmRule)
    ]
