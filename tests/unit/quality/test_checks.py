"""Shortfalls as the checks of a report: in order, at their gravest, with their evidence."""

from __future__ import annotations

import datetime
import random
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import pytest
from support.quality_days.day import THRESHOLDS

from pipeline.quality.baseline import profile_of
from pipeline.quality.checks import (
    Shortfall,
    _shortfall,
    by_rule,
    checks_of,
    shortfalls,
)
from pipeline.quality.defaults import DEFAULT_BOUNDS
from pipeline.quality.drift import KNOWN_FIELDS
from pipeline.quality.judgement import judgement
from pipeline.quality.list_rules import LIST_RULES
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.rules import Severity
from pipeline.quality.snapshot import Finding, Listing, ListRule
from pipeline.quality.thresholds import RULES

DAY = datetime.date(2024, 1, 7)
MIN_FILMS = DEFAULT_BOUNDS.min_films
LOOK = {rule.id: rule.look for rule in LIST_RULES}
HOLDS = {rule.id: rule.holds for rule in FILM_RULES}


def shortfall(rule: Any, name: str = "popular", severity: Severity = "warn") -> Shortfall:
    return Shortfall(name, f"{name}.json", rule, severity, Finding(0.5, "half of it"), 0.25)


def test_they_stand_in_the_order_of_the_rules_then_of_the_lists() -> None:
    found = [shortfall(rule, name) for rule in RULES for name in ("popular", "horror")]
    mixed = sorted(found, key=lambda each: random.Random(each.rule.id).random())
    assert by_rule(mixed) == found


def test_each_rule_is_a_check_whether_kept_or_not() -> None:
    rule = RULES[3]
    checks = checks_of([shortfall(rule)], THRESHOLDS, ["x"])
    assert [each["id"] for each in checks] == [each.id for each in RULES]
    assert checks[3] == {
        "id": rule.id,
        "description": rule.description,
        "severity": "warn",
        "success": False,
        "evidence": [{"list": "popular", "finding": "half of it", "found": 0.5, "limit": 0.25}],
    }
    assert checks[4] == {
        "id": RULES[4].id,
        "description": RULES[4].description,
        "severity": THRESHOLDS.severity(RULES[4], ""),
        "success": True,
        "evidence": [],
    }


@pytest.mark.parametrize(
    ("severities", "gravest"),
    [(["info", "block", "warn"], "block"), (["info", "warn"], "warn"), (["info"], "info")],
)
def test_a_check_is_as_grave_as_its_gravest_list(severities: list[Any], gravest: str) -> None:
    found = [shortfall(RULES[0], severity=each) for each in severities]
    assert checks_of(found, THRESHOLDS, ["x"])[0]["severity"] == gravest


# What rules of lists find


def listing(films: int = 0, before: int | None = None, **info: Any) -> Listing:
    rows = [{"id": number} for number in range(1, films + 1)]
    past = [] if before is None else [
        profile_of(DAY - datetime.timedelta(days=1), [{"id": each} for each in range(before)])
    ]  # fmt: skip
    return Listing("x", "x.json", DAY, {"movies": rows, "collection_info": info}, past)


GENRE: dict[str, Any] = {"collection_type": "weekly_genre", "pages_requested": 5}


@pytest.mark.parametrize(
    ("rule", "given", "told"),
    [
        ("list_empty", listing(0), (0, "it holds no film")),
        ("list_size", listing(1, pages_requested=1), (0.05, "1 of 20 films are there")),
        ("list_size", listing(1, pages_requested=8), (0.0063, "1 of 160 films are there")),
        ("list_size", listing(0), None),
        ("list_size", listing(0, **GENRE), (0.0, "0 of 1 films are there")),
        ("list_size", listing(1, **GENRE), None),
        ("list_size", listing(30, 60, **GENRE), (0.5, "30 of 60 films are there")),
        ("list_size", listing(30, 60, **GENRE, total_results=90),
         (0.3333, "30 of 90 films are there")),
        ("list_size", listing(30, 200, **GENRE), (0.3, "30 of 100 films are there")),
        ("list_short", listing(1, pages_requested=3, pages_processed=2),
         (2, "2 of 3 pages held films")),
        ("list_short", listing(1, 21, **GENRE, pages_processed=1),
         (1, "1 of 2 pages held films")),
    ],
)  # fmt: skip
def test_what_a_list_lacks_is_told_with_its_figure(
    rule: str, given: Listing, told: tuple[float, str] | None
) -> None:
    assert LOOK[rule](given, 0.8) == told


def sorted_by(*ratings: float, kind: str = "weekly_top_rated") -> Listing:
    made = listing(len(ratings), collection_type=kind)
    for film, rating in zip(made.movies, ratings, strict=True):
        film["vote_average"] = rating
    return made


def test_each_film_is_compared_with_the_one_a_quarter_of_the_list_behind() -> None:
    waves = [10.0 - number // 10 + number % 10 / 10 for number in range(40)]
    assert LOOK["order"](sorted_by(*waves), 1.0) is None, "a wave within a quarter is no disorder"
    late = [*waves[:39], 99.0]
    assert LOOK["order"](sorted_by(*late), 0.97) == (
        0.9667,
        "only 97% of its films stand in order of vote_average",
    )
    assert LOOK["order"](sorted_by(*late), 29 / 30) is None
    assert LOOK["order"](sorted_by(*[5.0] * 40), 1.0) is None, "equals are in order"


def test_an_order_is_looked_at_from_forty_films_on_and_where_tmdb_promises_one() -> None:
    upwards = [float(number) for number in range(40)]
    assert LOOK["order"](sorted_by(*upwards), 0.5) is not None
    assert LOOK["order"](sorted_by(*upwards[:39]), 0.5) is None
    assert LOOK["order"](sorted_by(*upwards, kind="daily_popular"), 0.5) is None


def test_shares_are_told_to_four_places_and_kept_at_their_limit() -> None:
    strange = listing(3, genre_id=18)
    strange.movies[0]["genre_ids"] = [18]
    assert LOOK["genre_ignored"](strange, 0.5) == (0.3333, "only 33% of its films are of genre 18")
    assert LOOK["genre_ignored"](strange, 1 / 3) is None
    broken = listing(3)
    broken.failed = {0, 1}
    assert LOOK["films_valid"](broken, 0.5) == (
        0.3333,
        "only 33% of its films break no required rule",
    )
    assert LOOK["films_valid"](broken, 1 / 3) is None


def test_fields_that_came_and_went_are_told_together() -> None:
    made = listing(1)
    made.movies[0].update(dict.fromkeys(KNOWN_FIELDS - {"video", "adult"}), b=1, a=1)
    assert LOOK["fields"](made, 0) == (4, "new: a, b; gone: adult, video")


def test_films_that_stand_twice_are_counted() -> None:
    twice = listing(3)
    twice.movies.append({"id": 1})
    assert LOOK["list_duplicates"](twice, 0) == Finding(1, "1 films stand there twice")


@pytest.mark.parametrize(
    ("days", "told"),
    [(0, None), (1, "collected 1 day after its date"), (2, "collected 2 days after its date")],
)
def test_lateness_is_told_in_days(days: int, told: str | None) -> None:
    finding = LOOK["list_late"](listing(1, late_by_days=days), 0)
    assert finding == (told and Finding(days, told))


# Where rules of films begin


@pytest.mark.parametrize(
    ("rule", "field", "last", "beyond"),
    [
        ("release_date_range", "release_date", "1874-01-01", "1873-12-31"),
        ("release_date_range", "release_date", "2034-01-14", "2034-01-15"),
        ("release_far_ahead", "release_date", "2026-01-08", "2026-01-09"),
        ("votes_few", "vote_count", 3, 2),
        ("id", "id", 1, 0),
    ],
)
def test_a_rule_of_films_begins_where_it_says(
    rule: str, field: str, last: Any, beyond: Any
) -> None:
    asked = listing().asked
    assert HOLDS[rule]({field: last}, asked)
    assert not HOLDS[rule]({field: beyond}, asked)


# What a list fell short of


RARE = next(rule for rule in FILM_RULES if 0 < THRESHOLDS.limit(rule, "x") < 1)


def with_broken(size: int, broken: int) -> Any:
    """A list in which so many films break that rule."""
    movies = [{"id": number, "title": "x"} for number in range(size)]
    places = list(range(broken))
    return SimpleNamespace(
        name="x", file="x.json", movies=movies, breaking={RARE.id: places}, bounds=DEFAULT_BOUNDS
    )


def test_a_share_of_films_is_judged_from_the_fewest_on_and_beyond_its_limit() -> None:
    limit = Fraction(str(THRESHOLDS.limit(RARE, "x")))
    size = limit.denominator * -(-MIN_FILMS // limit.denominator)
    most = int(size * limit)
    assert _shortfall(RARE, with_broken(size, most), THRESHOLDS) is None
    beyond = _shortfall(RARE, with_broken(size, most + 1), THRESHOLDS)
    assert beyond is not None
    assert beyond.finding == (round((most + 1) / size, 4), f"{most + 1} of {size} films")
    assert (beyond.name, beyond.file, beyond.limit) == ("x", "x.json", float(limit))
    assert _shortfall(RARE, with_broken(MIN_FILMS, MIN_FILMS), THRESHOLDS) is not None
    assert _shortfall(RARE, with_broken(MIN_FILMS - 1, MIN_FILMS - 1), THRESHOLDS) is None


def test_a_share_is_told_to_four_places() -> None:
    found = _shortfall(RARE, with_broken(MIN_FILMS * 3 + 1, MIN_FILMS * 3), THRESHOLDS)
    assert found is not None
    assert found.finding.found == round(MIN_FILMS * 3 / (MIN_FILMS * 3 + 1), 4)


def test_a_rule_of_lists_tells_its_limit_where_it_has_one() -> None:
    short = listing(1, pages_requested=3, pages_processed=1, late_by_days=2)
    found = {each.rule.id: each for each in shortfalls(short, THRESHOLDS)}
    for each in found.values():
        assert (each.name, each.file) == ("x", "x.json")
        if isinstance(each.rule, ListRule):
            told = THRESHOLDS.limit(each.rule, "x") if each.rule.has_limit else None
            assert each.limit == told
    assert found["list_size"].limit is not None
    assert found["list_short"].limit is None


@pytest.mark.parametrize(("now", "drifts"), [(1000.0, True), (10.0, False)])
def test_the_scale_of_popularity_is_drift_where_its_rule_fell_short(
    now: float, drifts: bool
) -> None:
    def films(popularity: float) -> list[dict[str, Any]]:
        return [{"id": number, "popularity": popularity} for number in range(1, 41)]

    past = [profile_of(DAY - datetime.timedelta(days=days), films(10.0)) for days in range(1, 8)]
    document = {"movies": films(now), "collection_info": {}}
    judged = judgement(Listing("x", "x.json", DAY, document, past), THRESHOLDS)
    assert any(each["kind"] == "popularity_scale" for each in judged.drift) is drifts
