"""Check every movie and list by every rule, and report the results. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

import msgspec

from pipeline.documents.collect import identity_of
from pipeline.errors import DataError
from pipeline.quality.baseline_rules import BASELINE_CHECKS
from pipeline.quality.list_rules import LIST_CHECKS
from pipeline.quality.movie_rules import check_movies, invalid_movies, scores, violations
from pipeline.quality.rules import MOVIE_RULES, REQUIRED, RULES, SEVERITIES, Rule
from pipeline.quality.snapshot import ListSnapshot
from pipeline.quality.thresholds import Thresholds

# The version of the report's layout. Version 1 repeated results in `lateness` and `list_issues`.
SCHEMA_VERSION = 2

# The bands of scores; no rule uses them.
QUALITY_LEVELS = {
    "excellent": range(90, 101), "good": range(75, 90), "fair": range(50, 75), "poor": range(50),
}  # fmt: skip

# The highest severity of the violated rules -> the verdict.
VERDICTS = {"block": "fail", "warn": "warn", "info": "pass"}

# The number of examples that a check shows, and the length at which a value of TMDB is cut there.
MAX_EVIDENCE = 10
MAX_VALUE_LENGTH = 80

_BY_ID = {rule.id: rule for rule in RULES}
_CHECKS = LIST_CHECKS | BASELINE_CHECKS

Document = dict[str, Any]


class FailedCheck(NamedTuple):
    """A rule that a list violates; the first entry of `evidence` is about the list itself."""

    severity: str
    evidence: list[Document]
    drift: list[Document]


def validation_report(
    date: datetime.date, snapshots: Iterable[ListSnapshot], thresholds: Thresholds
) -> Document:
    """Check the lists of a day or a week, one at a time, so that an iterator can load them.

    The score is the mean of the movies' scores, the validation rate the percentage of movies that
    satisfy every required rule. DataError is raised where no list holds a movie.
    """
    identities, profiles, late, passed, demanded = [], {}, 0, 0, 0.0
    files: list[Document] = []
    failed: dict[str, dict[str, FailedCheck]] = {}
    counts, issues = Counter[int](), Counter[str]()
    for snapshot in snapshots:
        size, name = len(snapshot.movies), snapshot.name
        files.append({"file": snapshot.file, "movie_count": size})
        identities.append(identity_of(snapshot.info))
        profiles[name] = msgspec.to_builtins(snapshot.figures)
        late = max(late, snapshot.count("late_by_days"))
        passed += size - len(invalid_movies(snapshot))
        demanded += size * thresholds.limit(_BY_ID["films_valid"], name)
        failed[name] = failed_checks(snapshot, thresholds)
        counts += scores(snapshot)
        issues.update({rule.id: len(violations(rule, snapshot)) for rule in MOVIE_RULES})
    if not counts:
        names = ", ".join(each["file"] for each in files)
        raise DataError(f"There is no movie to validate for {date}: {names}.")
    all_failed = [check for checks in failed.values() for check in checks.values()]
    movies = counts.total()
    return {
        "validation_date": date.isoformat(),
        "files_validated": files,
        "overall_quality_score": round(sum(s * n for s, n in counts.items()) / movies, 2),
        "total_movies_validated": movies,
        "total_movies_passed": passed,
        "validation_rate": round(passed / movies * 100, 2),
        "quality_distribution": {
            level: sum(counts[score] for score in band) for level, band in QUALITY_LEVELS.items()
        },
        "common_issues": [
            {
                "issue": rule.id,
                "count": issues[rule.id],
                "required": rule.points == REQUIRED,
                "description": f"not so: {rule.description}",
            }
            for rule in sorted(MOVIE_RULES, key=lambda rule: -issues[rule.id])
            if issues[rule.id]
        ],
        "verdict": VERDICTS[_highest(check.severity for check in all_failed)],
        "checks": [_check(rule, failed, thresholds) for rule in RULES],
        "failed_lists": [
            name
            for name, checks in failed.items()
            if any(check.severity == "block" for check in checks.values())
        ],
        "drift": [each for check in all_failed for each in check.drift],
        "pass_threshold": round(demanded / movies * 100, 2),
        "below_threshold": passed < round(demanded, 6),
        "late_by_days": late,
        "source": str(identities[0].source),
        **identities[0].place(),
        "schema_version": SCHEMA_VERSION,
        "profiles": profiles,
    }


def failed_checks(snapshot: ListSnapshot, thresholds: Thresholds) -> dict[str, FailedCheck]:
    """Return the rules that a list violates; an empty one can only be reported as such."""
    rules = RULES if snapshot.movies else [_BY_ID["list_empty"]]
    checks = {rule.id: apply_rule(rule, snapshot, thresholds) for rule in rules}
    return {rule: check for rule, check in checks.items() if check}


def apply_rule(rule: Rule, snapshot: ListSnapshot, thresholds: Thresholds) -> FailedCheck | None:
    """Return the failed check of a rule, or None where the list satisfies it."""
    name, limit = snapshot.name, thresholds.limit(rule, snapshot.name)
    check = partial(check_movies, rule) if rule.field else _CHECKS[rule.id]
    finding = check(snapshot, limit)
    if finding is None:
        return None
    stated = None if rule.limit is None else limit
    evidence: list[Document] = [
        {"list": name, "finding": finding.sentence, "found": finding.found, "limit": stated}
    ]
    for position in violations(rule, snapshot)[:MAX_EVIDENCE] if rule.field else ():
        movie = snapshot.movies[position]
        title, found = _shorten(movie.get("title")), _shorten(movie.get(rule.field))
        evidence.append({"list": name, "film": movie.get("id"), "title": title, "found": found})
    drift = [{"list": name, **each} for each in finding.drift]
    return FailedCheck(thresholds.severity(rule, name), evidence, drift)


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _highest(severities: Iterable[str]) -> str:
    return max(severities, key=SEVERITIES.index, default=SEVERITIES[0])


def _check(
    rule: Rule, failed: Mapping[str, Mapping[str, FailedCheck]], thresholds: Thresholds
) -> Document:
    """Return one entry of `checks`, with the highest severity among its lists."""
    checks = [each[rule.id] for each in failed.values() if rule.id in each]
    severities = [each.severity for each in checks] or [
        thresholds.severity(rule, n) for n in failed
    ]
    lists = [check.evidence[0] for check in checks]
    movies = [movie for check in checks for movie in check.evidence[1:]]
    return {
        "id": rule.id,
        "description": rule.description,
        "severity": _highest(severities),
        "success": not checks,
        "evidence": [*lists, *movies][:MAX_EVIDENCE],
    }
