"""The checks of a report: their order, severity, limits and evidence."""

from __future__ import annotations

import datetime
from fractions import Fraction
from typing import Any

import pytest
from support.quality_days.day import SLUGS, THRESHOLDS

from pipeline.quality.report import apply_rule, validation_report
from pipeline.quality.rules import MOVIE_RULES, RULES, MovieBounds, Thresholds, thresholds_from
from pipeline.quality.snapshot import ListSnapshot, measure

DAY = datetime.date(2024, 1, 7)
MIN_MOVIES = MovieBounds().min_films
RARE = next(rule for rule in MOVIE_RULES if rule.limit and rule.limit < 1)
EMPTY = next(rule for rule in RULES if rule.id == "list_empty")


def snapshot(name: str, size: int, violations: int = 0, **info: Any) -> ListSnapshot:
    """Return a list in which so many movies violate the rule RARE, and none another one."""
    movies = [{"id": number, "title": "x"} for number in range(1, size + 1)]
    info = {"total_collected": size, **info}
    made = ListSnapshot(name, f"{name}.json", DAY, movies, info)
    made.violations = {rule.id: [] for rule in MOVIE_RULES}
    made.violations[RARE.id] = list(range(violations))
    return made


def with_severities(**by_list: str) -> Thresholds:
    lists = {name: {"severity": {EMPTY.id: severity}} for name, severity in by_list.items()}
    return thresholds_from({"lists": lists}, SLUGS)


def test_every_rule_is_a_check_whether_it_passed_or_failed() -> None:
    empty, full = snapshot("popular", 0), snapshot("horror", 1)
    checks = validation_report(DAY, [empty, full], THRESHOLDS)["checks"]
    assert [each["id"] for each in checks] == [each.id for each in RULES]
    assert checks[RULES.index(EMPTY)] == {
        "id": "list_empty",
        "description": "a list holds movies",
        "severity": "block",
        "success": False,
        "evidence": [
            {"list": "popular", "finding": "the list holds no movie", "found": 0, "limit": None}
        ],
    }
    assert checks[0] == {
        "id": "id",
        "description": "id is a whole number above 0",
        "severity": "warn",
        "success": True,
        "evidence": [],
    }


def test_evidence_is_in_the_order_of_the_lists() -> None:
    lists = [snapshot(name, 0) for name in ("popular", "horror", "drama")]
    report = validation_report(DAY, [*lists, snapshot("action", 1)], THRESHOLDS)
    evidence = report["checks"][RULES.index(EMPTY)]["evidence"]
    assert [each["list"] for each in evidence] == ["popular", "horror", "drama"]


@pytest.mark.parametrize(
    ("severities", "highest"),
    [(["info", "block", "warn"], "block"), (["info", "warn"], "warn"), (["info"], "info")],
)
def test_a_check_has_the_highest_severity_of_its_failed_lists(
    severities: list[str], highest: str
) -> None:
    names = ("popular", "trending", "top_rated")
    thresholds = with_severities(**dict(zip(names, severities, strict=False)))
    lists = [snapshot(name, 0) for name in names[: len(severities)]]
    report = validation_report(DAY, [*lists, snapshot("horror", 1)], thresholds)
    assert report["checks"][RULES.index(EMPTY)]["severity"] == highest


def test_the_share_of_violating_movies_is_checked_from_ten_movies_on_and_above_its_limit() -> None:
    limit = Fraction(str(RARE.limit))
    size = limit.denominator * -(-MIN_MOVIES // limit.denominator)
    accepted = int(size * limit)
    assert apply_rule(RARE, snapshot("x", size, accepted), THRESHOLDS) is None
    failed = apply_rule(RARE, snapshot("x", size, accepted + 1), THRESHOLDS)
    assert failed is not None
    assert failed.evidence[0] == {
        "list": "x",
        "finding": f"{accepted + 1} of {size} movies",
        "found": round((accepted + 1) / size, 4),
        "limit": float(limit),
    }
    assert apply_rule(RARE, snapshot("x", MIN_MOVIES, MIN_MOVIES), THRESHOLDS) is not None
    assert apply_rule(RARE, snapshot("x", MIN_MOVIES - 1, MIN_MOVIES - 1), THRESHOLDS) is None


def test_a_share_of_movies_is_rounded_to_four_digits() -> None:
    size = MIN_MOVIES * 3 + 1
    failed = apply_rule(RARE, snapshot("x", size, size - 1), THRESHOLDS)
    assert failed is not None
    assert failed.evidence[0]["found"] == round((size - 1) / size, 4)


def test_a_failed_check_of_a_list_states_its_limit_where_it_has_one() -> None:
    short = snapshot("x", 1, pages_requested=3, pages_processed=1, late_by_days=2)
    checks = [apply_rule(rule, short, THRESHOLDS) for rule in RULES]
    failed = {check.rule_id: check for check in checks if check is not None}
    for rule in RULES:
        if rule.id in failed and not rule.field:
            expected = None if rule.limit is None else THRESHOLDS.limit(rule, "x")
            assert failed[rule.id].evidence[0]["limit"] == expected
    assert failed["list_size"].evidence[0]["limit"] == 0.8
    assert failed["list_short"].evidence[0]["limit"] is None


@pytest.mark.parametrize(("now", "drifts"), [(1000.0, True), (10.0, False)])
def test_a_failed_check_of_the_scale_of_popularity_is_drift(now: float, drifts: bool) -> None:
    def movies(popularity: float) -> list[dict[str, Any]]:
        return [{"id": number, "popularity": popularity} for number in range(1, 41)]

    history = [measure(DAY - datetime.timedelta(days=days), movies(10.0)) for days in range(1, 8)]
    made = ListSnapshot("popular", "x.json", DAY, movies(now), {}, history)
    drift = validation_report(DAY, [made], THRESHOLDS)["drift"]
    expected = {
        "list": "popular",
        "kind": "popularity_scale",
        "field": "popularity",
        "finding": "the median popularity is 1e+02 times the baseline",
    }
    assert [each for each in drift if each["kind"] == "popularity_scale"] == [expected] * drifts
