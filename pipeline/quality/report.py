"""Check every movie and list by every rule, and report the results. Pure.

No rule uses the score of a movie nor its level; an empty list can only be reported as such.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline.documents.collect import identity_of
from pipeline.errors import DataError
from pipeline.quality import baseline_rules, list_rules
from pipeline.quality.movie_rules import (
    check_movies,
    invalid_movies,
    profile_of,
    scores,
    violations,
)
from pipeline.quality.rules import MOVIE_RULES, REQUIRED, RULES, VERDICTS, Rule, Thresholds
from pipeline.quality.snapshot import ListSnapshot

# The version of the report's layout. Version 1 repeated results in `lateness` and `list_issues`.
SCHEMA_VERSION = 2

QUALITY_LEVELS = {
    "excellent": range(90, 101), "good": range(75, 90), "fair": range(50, 75), "poor": range(50),
}  # fmt: skip

# The function of each rule about a list as a whole.
CHECKS = {**list_rules.CHECKS, **baseline_rules.CHECKS}
_BY_ID = {rule.id: rule for rule in RULES}

Document = dict[str, Any]


class FailedCheck(NamedTuple):
    """A rule that a list violates; the first entry of `evidence` is about the list itself."""

    rule_id: str
    list_name: str
    severity: str
    evidence: list[Document]
    drift: Sequence[Mapping[str, str]]
    provisional: bool


def validation_report(
    date: datetime.date, snapshots: Iterable[ListSnapshot], thresholds: Thresholds
) -> Document:
    """Check the lists of a day or a week, one at a time, so that an iterator can load them.

    The score is the mean of the movies' scores, the validation rate the percentage of movies that
    satisfy every required rule. DataError is raised where no list holds a movie.
    """
    files: list[Document] = []
    failed: list[FailedCheck] = []
    profiles, identities, late, passed, demanded = {}, [], 0, 0, 0.0
    counts, issues = Counter[int](), Counter[str]()
    for snapshot in snapshots:
        files.append({"file": snapshot.file, "movie_count": len(snapshot.movies)})
        identities.append(identity_of(snapshot.info))
        counts += scores(snapshot)
        issues.update({rule.id: len(violations(rule, snapshot)) for rule in MOVIE_RULES})
        late = max(late, snapshot.count("late_by_days"))
        passed += len(snapshot.movies) - len(invalid_movies(snapshot))
        demanded += len(snapshot.movies) * thresholds.limit(_BY_ID["films_valid"], snapshot.name)
        rules = RULES if snapshot.movies else [_BY_ID["list_empty"]]
        found = [check for rule in rules if (check := apply_rule(rule, snapshot, thresholds))]
        blocks = [check.provisional for check in found if check.severity == "block"]
        profile = replace(profile_of(snapshot), provisional=bool(blocks) and all(blocks))
        profiles[snapshot.name] = msgspec.to_builtins(profile)
        failed += found
    if not counts:
        names = ", ".join(each["file"] for each in files)
        raise DataError(f"There is no movie to validate for {date}: {names}.")
    worst = max((check.severity for check in failed), key=list(VERDICTS).index, default="info")
    movies, blocked = counts.total(), [check for check in failed if check.severity == "block"]
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
        "verdict": VERDICTS[worst],
        "checks": [_check(rule, failed, thresholds, profiles) for rule in RULES],
        "failed_lists": list(dict.fromkeys(check.list_name for check in blocked)),
        "drift": [{"list": check.list_name, **each} for check in failed for each in check.drift],
        "pass_threshold": round(demanded / movies * 100, 2),
        "below_threshold": passed < round(demanded, 6),
        "late_by_days": late,
        "source": str(identities[0].source),
        **identities[0].place(),
        "schema_version": SCHEMA_VERSION,
        "profiles": profiles,
    }


def apply_rule(rule: Rule, at: ListSnapshot, thresholds: Thresholds) -> FailedCheck | None:
    """Return the failed check of a rule, or None where the list satisfies it."""
    name, limit = at.name, thresholds.limit(rule, at.name)
    if rule.field:
        finding = check_movies(rule, at, limit, thresholds.margin(rule, name))
    else:
        finding = CHECKS[rule.id](at, limit)
    if finding is None:
        return None
    evidence: list[Document] = [{"list": name, "finding": finding.sentence, "found": finding.found}]
    shown = limit if finding.limit is None else finding.limit
    evidence[0]["limit"] = None if rule.limit is None else shown
    for position in violations(rule, at)[:10] if rule.field else ():
        movie = at.movies[position]
        title, found = _shorten(movie.get("title")), _shorten(movie.get(rule.field))
        evidence.append({"list": name, "film": movie.get("id"), "title": title, "found": found})
    severity = finding.severity or thresholds.severity(rule, name)
    at.is_blocked |= severity == "block"
    return FailedCheck(rule.id, name, severity, evidence, finding.drift, finding.provisional)


def _shorten(value: Any) -> str:
    """Return a value as a text of at most 80 characters."""
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= 80 else f"{text[:79]}…"


def _check(
    rule: Rule, failed: Iterable[FailedCheck], thresholds: Thresholds, names: Iterable[str]
) -> Document:
    """Return one entry of `checks`, with the highest severity among its lists and ten examples."""
    own = [check for check in failed if check.rule_id == rule.id]
    severities = [check.severity for check in own] or [thresholds.severity(rule, n) for n in names]
    movies = [movie for check in own for movie in check.evidence[1:]]
    return {
        "id": rule.id,
        "description": rule.description,
        "severity": max(severities, key=list(VERDICTS).index),
        "success": not own,
        "evidence": [*(check.evidence[0] for check in own), *movies][:10],
    }
