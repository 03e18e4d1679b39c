"""Check every movie and list by every rule, and report the results. Pure."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from msgspec.structs import asdict

from pipeline.documents.collect import Identity, common_source, identity_of
from pipeline.errors import NoData
from pipeline.quality.baseline import Baseline, to_document
from pipeline.quality.fields import Movie
from pipeline.quality.movie_rules import MOVIE_RULES, invalid_movies, scores
from pipeline.quality.rules import SEVERITIES, Finding, MovieRule, Rule, Severity
from pipeline.quality.snapshot import ListSnapshot
from pipeline.quality.thresholds import RULES, Thresholds

SCHEMA_VERSION = 2
"""The version of the report's layout. Version 1 repeated results in `lateness` and `list_issues`.
"""

QUALITY_LEVELS = (("excellent", 90), ("good", 75), ("fair", 50), ("poor", 0))
"""The names of the score bands and the lowest score of each. No rule uses them."""

MAX_EVIDENCE = 10
"""The number of examples that a check shows."""

MAX_VALUE_LENGTH = 80
"""The length at which a value from TMDB is cut where a check shows it."""

_TOLERANCE = 1e-6
"""Movies by which a sum of shares may be inexact."""

_FILMS_VALID = next(rule for rule in RULES if rule.id == "films_valid")

Document = dict[str, Any]
Verdict = Literal["pass", "warn", "fail"]


class FailedCheck(NamedTuple):
    """A rule that a list violates, with movies as evidence where the rule is about movies."""

    list_name: str
    rule: Rule
    severity: Severity
    finding: Finding
    limit: float | None
    movies: Sequence[Document] = ()


class ListResult(NamedTuple):
    """The results of one list, without its movies.

    `scores` counts the movies by score, `violations` by the id of the rule that they violate.
    """

    name: str
    file: str
    identity: Identity
    movies: int
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

    Returns:
        The report. `checks` holds the result of every rule, `overall_quality_score` the mean score
        of the movies (0-100), `validation_rate` the percentage of movies that satisfy every
        required rule, `common_issues` the violated movie rules, most frequent first.

    Raises:
        NoData: no list holds a movie.
    """
    results = [check_list(snapshot, thresholds) for snapshot in snapshots]
    movies = sum(each.movies for each in results)
    if not movies:
        files = ", ".join(each.file for each in results)
        raise NoData(f"There is no movie to validate for {date}: {files}.")
    counts = sum((each.scores for each in results), Counter[int]())
    passed = sum(each.passed for each in results)
    demanded = sum(thresholds.limit(_FILMS_VALID, each.name) * each.movies for each in results)
    failed = [check for each in results for check in each.failed]
    by_rule = sorted(failed, key=lambda check: RULES.index(check.rule))
    return {
        "validation_date": date.isoformat(),
        "files_validated": [{"file": each.file, "movie_count": each.movies} for each in results],
        "overall_quality_score": round(sum(s * n for s, n in counts.items()) / movies, 2),
        "total_movies_validated": movies,
        "total_movies_passed": passed,
        "validation_rate": round(passed / movies * 100, 2),
        "quality_distribution": _distribution(counts),
        "common_issues": _common_issues(results, thresholds),
        "verdict": _verdict(failed),
        "checks": [_check(rule, by_rule, thresholds, results) for rule in RULES],
        "failed_lists": list(
            dict.fromkeys(check.list_name for check in by_rule if check.severity == "block")
        ),
        "drift": [
            {"list": check.list_name, **drift._asdict()}
            for check in failed
            for drift in check.finding.drift
        ],
        "pass_threshold": round(demanded / movies * 100, 2),
        "below_threshold": passed < demanded - _TOLERANCE,
        "late_by_days": max(each.late_by_days for each in results),
        "source": common_source(str(each.identity.source) for each in results),
        **results[0].identity.place(),
        "schema_version": SCHEMA_VERSION,
        "profiles": {each.name: to_document(each.figures) for each in results},
    }


def check_list(snapshot: ListSnapshot, thresholds: Thresholds) -> ListResult:
    """Apply every rule to one list."""
    checks = (apply_rule(rule, snapshot, thresholds) for rule in RULES)
    return ListResult(
        name=snapshot.name,
        file=snapshot.file,
        identity=identity_of(snapshot.info),
        movies=len(snapshot.movies),
        passed=len(snapshot.movies) - len(invalid_movies(snapshot)),
        scores=Counter(scores(snapshot)),
        violations=Counter({rule.id: len(rule.violations(snapshot)) for rule in MOVIE_RULES}),
        failed=[check for check in checks if check is not None],
        late_by_days=snapshot.count("late_by_days"),
        figures=snapshot.figures,
    )


def apply_rule(rule: Rule, snapshot: ListSnapshot, thresholds: Thresholds) -> FailedCheck | None:
    """Return the failed check of a rule, or None where the list satisfies it."""
    limit = thresholds.limit(rule, snapshot.name)
    severity = thresholds.severity(rule, snapshot.name)
    if isinstance(rule, MovieRule):
        return _apply_movie_rule(rule, snapshot, severity, limit)
    finding = rule.check(snapshot, limit)
    if finding is None:
        return None
    stated = None if rule.limit is None else limit
    return FailedCheck(snapshot.name, rule, severity, finding, stated)


def _apply_movie_rule(
    rule: MovieRule, snapshot: ListSnapshot, severity: Severity, limit: float
) -> FailedCheck | None:
    """Compare the share of violating movies with the limit; few movies have no useful share."""
    violations, size = rule.violations(snapshot), len(snapshot.movies)
    has_share = size >= snapshot.bounds.min_films or limit == 0
    if not violations or not has_share or len(violations) <= limit * size:
        return None
    finding = Finding(round(len(violations) / size, 4), f"{len(violations)} of {size} movies")
    movies = [
        _movie_evidence(snapshot.name, rule, snapshot.movies[position])
        for position in violations[:MAX_EVIDENCE]
    ]
    return FailedCheck(snapshot.name, rule, severity, finding, limit, movies)


def _verdict(failed: Iterable[FailedCheck]) -> Verdict:
    """Return `fail` where a rule of severity block failed, else `warn` where one of warn did."""
    severities = {check.severity for check in failed}
    if "block" in severities:
        return "fail"
    return "warn" if "warn" in severities else "pass"


def _check(
    rule: Rule,
    failed: Iterable[FailedCheck],
    thresholds: Thresholds,
    results: Sequence[ListResult],
) -> Document:
    """Return one entry of `checks`, with the highest severity among its lists."""
    own = [check for check in failed if check.rule is rule]
    severities = [check.severity for check in own] or [
        thresholds.severity(rule, each.name) for each in results
    ]
    movies = (movie for check in own for movie in check.movies)
    return {
        "id": rule.id,
        "description": _describe(rule, thresholds),
        "severity": max(severities, key=SEVERITIES.index),
        "success": not own,
        "evidence": [*map(_list_evidence, own), *movies][:MAX_EVIDENCE],
    }


def _describe(rule: Rule, thresholds: Thresholds) -> str:
    """Return a rule's description with the figures that it names."""
    return rule.description.format_map(asdict(thresholds.bounds))


def _list_evidence(check: FailedCheck) -> Document:
    return {
        "list": check.list_name,
        "finding": check.finding.sentence,
        "found": check.finding.found,
        "limit": check.limit,
    }


def _movie_evidence(list_name: str, rule: MovieRule, movie: Movie) -> Document:
    return {
        "list": list_name,
        "film": movie.get("id"),
        "title": _shorten(movie.get("title")),
        "found": _shorten(movie.get(rule.field)),
    }


def _shorten(value: Any) -> str:
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= MAX_VALUE_LENGTH else text[: MAX_VALUE_LENGTH - 1] + "…"


def _distribution(counts: Counter[int]) -> dict[str, int]:
    levels = {name: 0 for name, _ in QUALITY_LEVELS}
    for score, count in counts.items():
        levels[next(name for name, lowest in QUALITY_LEVELS if score >= lowest)] += count
    return levels


def _common_issues(results: Iterable[ListResult], thresholds: Thresholds) -> list[Document]:
    counts = sum((each.violations for each in results), Counter[str]())
    violated = [rule for rule in MOVIE_RULES if counts[rule.id]]
    return [
        {
            "issue": rule.id,
            "count": counts[rule.id],
            "required": rule.required,
            "description": f"not so: {_describe(rule, thresholds)}",
        }
        for rule in sorted(violated, key=lambda rule: -counts[rule.id])
    ]
