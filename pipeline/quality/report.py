"""Check every movie and list by every rule, and report the results. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec

from pipeline.documents.collect import identity_of
from pipeline.errors import DataError
from pipeline.quality.baseline import Baseline
from pipeline.quality.fields import Movie
from pipeline.quality.movie_rules import MOVIE_RULES, invalid_movies, scores
from pipeline.quality.rules import REQUIRED, SEVERITIES, ListSnapshot, MovieRule, Rule
from pipeline.quality.thresholds import RULES, Thresholds

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

Document = dict[str, Any]


class FailedCheck(NamedTuple):
    """A rule that a list violates; the first entry of `evidence` is about the list itself."""

    list_name: str
    rule: Rule
    severity: str
    evidence: list[Document]
    drift: Sequence[Document]


class ListResult(NamedTuple):
    """The results of one list, whose movies are only counted: by score and by violated rule."""

    list_name: str
    file: str
    info: Document
    passed: int
    scores: Counter[int]
    violations: Counter[str]
    failed: Sequence[FailedCheck]
    late_by_days: int
    figures: Baseline


def validation_report(
    date: datetime.date, snapshots: Iterable[ListSnapshot], thresholds: Thresholds
) -> Document:
    """Check the lists of a day or a week, one at a time, so that an iterator can load them.

    The score is the mean of the movies' scores, the validation rate the percentage of movies that
    satisfy every required rule.

    Raises:
        DataError: no list holds a movie.
    """
    results = [check_list(snapshot, thresholds) for snapshot in snapshots]
    counts = sum((each.scores for each in results), Counter[int]())
    if not counts:
        files = ", ".join(each.file for each in results)
        raise DataError(f"There is no movie to validate for {date}: {files}.")
    movies, passed = counts.total(), sum(each.passed for each in results)
    valid = _BY_ID["films_valid"]
    demanded = sum(
        thresholds.limit(valid, each.list_name) * each.scores.total() for each in results
    )
    failed = [check for each in results for check in each.failed]
    return {
        "validation_date": date.isoformat(),
        "files_validated": [
            {"file": each.file, "movie_count": each.scores.total()} for each in results
        ],
        "overall_quality_score": round(sum(s * n for s, n in counts.items()) / movies, 2),
        "total_movies_validated": movies,
        "total_movies_passed": passed,
        "validation_rate": round(passed / movies * 100, 2),
        "quality_distribution": {
            level: sum(counts[score] for score in band) for level, band in QUALITY_LEVELS.items()
        },
        "common_issues": _common_issues(results),
        "verdict": VERDICTS[_highest(check.severity for check in failed)],
        "checks": [_check(rule, failed, thresholds, results) for rule in RULES],
        "failed_lists": [
            each.list_name
            for each in results
            if "block" in [check.severity for check in each.failed]
        ],
        "drift": [{"list": each.list_name, **drift} for each in failed for drift in each.drift],
        "pass_threshold": round(demanded / movies * 100, 2),
        "below_threshold": passed < round(demanded, 6),
        "late_by_days": max(each.late_by_days for each in results),
        "source": str(identity_of(results[0].info).source),
        **identity_of(results[0].info).place(),
        "schema_version": SCHEMA_VERSION,
        "profiles": {each.list_name: msgspec.to_builtins(each.figures) for each in results},
    }


def check_list(snapshot: ListSnapshot, thresholds: Thresholds) -> ListResult:
    """Apply every rule to one list; an empty one can only be reported as such."""
    rules = RULES if snapshot.movies else [_BY_ID["list_empty"]]
    checks = (apply_rule(rule, snapshot, thresholds) for rule in rules)
    return ListResult(
        list_name=snapshot.name,
        file=snapshot.file,
        info=snapshot.info,
        passed=len(snapshot.movies) - len(invalid_movies(snapshot)),
        scores=scores(snapshot),
        violations=Counter({rule.id: len(rule.violations(snapshot)) for rule in MOVIE_RULES}),
        failed=[check for check in checks if check is not None],
        late_by_days=snapshot.count("late_by_days"),
        figures=snapshot.figures,
    )


def apply_rule(rule: Rule, snapshot: ListSnapshot, thresholds: Thresholds) -> FailedCheck | None:
    """Return the failed check of a rule, or None where the list satisfies it."""
    name, limit = snapshot.name, thresholds.limit(rule, snapshot.name)
    finding = rule.check(snapshot, limit)
    if finding is None:
        return None
    found, sentence, drift = finding
    stated = None if rule.limit is None else limit
    evidence = [{"list": name, "finding": sentence, "found": found, "limit": stated}]
    if isinstance(rule, MovieRule):
        positions = rule.violations(snapshot)[:MAX_EVIDENCE]
        evidence += [_show(snapshot.movies[each], rule.field, name) for each in positions]
    return FailedCheck(name, rule, thresholds.severity(rule, name), evidence, drift)


def _show(movie: Movie, field: str, name: str) -> Document:
    title, found = _shorten(movie.get("title")), _shorten(movie.get(field))
    return {"list": name, "film": movie.get("id"), "title": title, "found": found}


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _highest(severities: Iterable[str]) -> str:
    return max(severities, key=SEVERITIES.index, default=SEVERITIES[0])


def _check(
    rule: Rule,
    failed: Iterable[FailedCheck],
    thresholds: Thresholds,
    results: Iterable[ListResult],
) -> Document:
    """Return one entry of `checks`, with the highest severity among its lists."""
    own = [check for check in failed if check.rule is rule]
    severities = [thresholds.severity(rule, each.list_name) for each in own or results]
    lists = [check.evidence[0] for check in own]
    movies = [movie for check in own for movie in check.evidence[1:]]
    return {
        "id": rule.id,
        "description": rule.description,
        "severity": _highest(severities),
        "success": not own,
        "evidence": [*lists, *movies][:MAX_EVIDENCE],
    }


def _common_issues(results: Iterable[ListResult]) -> list[Document]:
    counts = sum((each.violations for each in results), Counter[str]())
    return [
        {
            "issue": rule.id,
            "count": counts[rule.id],
            "required": rule.points == REQUIRED,
            "description": f"not so: {rule.description}",
        }
        for rule in sorted(MOVIE_RULES, key=lambda rule: -counts[rule.id])
        if counts[rule.id]
    ]
