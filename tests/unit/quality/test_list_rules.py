"""Each rule about a list as a whole: just satisfied, just violated, and how."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from pipeline.quality.list_rules import KNOWN_FIELDS
from pipeline.quality.movie_rules import violations
from pipeline.quality.report import CHECKS
from pipeline.quality.rules import MOVIE_RULES, RULES
from pipeline.quality.snapshot import Baseline, Finding, ListSnapshot, measure

DAY = datetime.date(2024, 1, 7)
YESTERDAY = DAY - datetime.timedelta(days=1)
RULE = {rule.id: rule for rule in RULES}
MOVIE = dict.fromkeys(KNOWN_FIELDS) | {"id": 1}


def snapshot(movies: int = 0, before: int | None = None, **info: Any) -> ListSnapshot:
    rows = [{"id": number} for number in range(1, movies + 1)]
    history = [] if before is None else [measure(YESTERDAY, [{"id": n} for n in range(before)])]
    return ListSnapshot("x", "x.json", DAY, rows, info, history)


GENRE: dict[str, Any] = {"collection_type": "weekly_genre", "pages_requested": 5}


@pytest.mark.parametrize(
    ("rule", "given", "expected"),
    [
        ("list_empty", snapshot(0), Finding(0, "the list holds no movie")),
        ("list_size", snapshot(1, pages_requested=1), Finding(0.05, "1 of 20 movies")),
        ("list_size", snapshot(1, pages_requested=8), Finding(0.0063, "1 of 160 movies")),
        ("list_size", snapshot(0, **GENRE), Finding(0.0, "0 of 1 movies")),
        ("list_size", snapshot(1, **GENRE), None),
        ("list_size", snapshot(30, 60, **GENRE), Finding(0.5, "30 of 60 movies")),
        ("list_size", snapshot(30, 60, **GENRE, total_results=90),
         Finding(0.3333, "30 of 90 movies")),
        ("list_size", snapshot(30, 200, **GENRE), Finding(0.3, "30 of 100 movies")),
        ("list_short", snapshot(1, pages_requested=3, pages_processed=2),
         Finding(2, "2 of 3 pages held movies")),
        ("list_short", snapshot(1, 21, **GENRE, pages_processed=1),
         Finding(1, "1 of 2 pages held movies")),
    ],
)  # fmt: skip
def test_missing_movies_and_pages_are_reported_with_their_number(
    rule: str, given: ListSnapshot, expected: Finding | None
) -> None:
    assert CHECKS[rule](given, 0.8) == expected


@pytest.mark.parametrize(
    ("pages", "dropped", "allowed"),
    [(1, 20, 19), (5, 20, 19), (20, 20, 19), (30, 29, 28.5), (100, 96, 95)],
)
def test_a_long_list_may_have_more_duplicate_rows(pages: int, dropped: int, allowed: float) -> None:
    info = {"pages_requested": pages, "duplicates_dropped": dropped}
    finding = CHECKS["rows_repeated"](snapshot(1, **info), 19)
    assert finding == Finding(dropped, f"{dropped} duplicate rows were dropped", limit=allowed)
    info["duplicates_dropped"] -= 1
    assert CHECKS["rows_repeated"](snapshot(1, **info), 19) is None


def sorted_by(*ratings: float, collection_type: str = "weekly_top_rated") -> ListSnapshot:
    made = snapshot(len(ratings), collection_type=collection_type)
    for movie, rating in zip(made.movies, ratings, strict=True):
        movie["vote_average"] = rating
    return made


def test_each_movie_is_compared_with_the_one_a_quarter_of_the_list_after_it() -> None:
    waves = [10.0 - number // 10 + number % 10 / 10 for number in range(40)]
    assert CHECKS["order"](sorted_by(*waves), 1.0) is None, "a wave within a quarter is accepted"
    late = [*waves[:39], 99.0]
    assert CHECKS["order"](sorted_by(*late), 0.97) == Finding(
        0.9667, "only 97% of its movies are in order of vote_average"
    )
    assert CHECKS["order"](sorted_by(*late), 29 / 30) is None
    assert CHECKS["order"](sorted_by(*[5.0] * 40), 1.0) is None, "equal values are in order"


def test_the_order_is_checked_from_forty_movies_on_and_where_tmdb_promises_one() -> None:
    ascending = [float(number) for number in range(40)]
    assert CHECKS["order"](sorted_by(*ascending), 0.5) is not None
    assert CHECKS["order"](sorted_by(*ascending[:39]), 0.5) is None
    assert CHECKS["order"](sorted_by(*ascending, collection_type="daily_popular"), 0.5) is None


def test_a_share_is_rounded_to_four_digits_and_accepted_at_its_limit() -> None:
    mixed = snapshot(3, genre_id=18)
    mixed.movies[0]["genre_ids"] = [18]
    expected = Finding(0.3333, "only 33% of its movies are of genre 18")
    assert CHECKS["genre_ignored"](mixed, 0.5) == expected
    assert CHECKS["genre_ignored"](mixed, 1 / 3) is None


def test_the_share_of_valid_movies_is_accepted_at_its_limit() -> None:
    mixed = snapshot(3)
    mixed.violations = {rule.id: [0, 1] if rule.id == "title" else [] for rule in MOVIE_RULES}
    expected = Finding(0.3333, "only 33% of its movies satisfy every required rule")
    assert CHECKS["films_valid"](mixed, 0.5) == expected
    assert CHECKS["films_valid"](mixed, 1 / 3) is None


def test_duplicate_movies_are_counted() -> None:
    duplicate = snapshot(3)
    duplicate.movies.append({"id": 1})
    assert CHECKS["list_duplicates"](duplicate, 0) == Finding(1, "1 duplicate movies")


@pytest.mark.parametrize(
    ("days", "sentence"), [(0, None), (2, "collected 2 day(s) after its date")]
)
def test_a_late_list_is_reported_in_days(days: int, sentence: str | None) -> None:
    expected = Finding(days, sentence) if sentence else None
    assert CHECKS["list_late"](snapshot(1, late_by_days=days), 0) == expected


# The fields of the rows


def with_movies(*movies: dict[str, Any], history: list[Baseline] | None = None) -> ListSnapshot:
    return ListSnapshot("popular", "x.json", DAY, list(movies), {}, history or [])


def earlier(*fields: str) -> Baseline:
    return measure(YESTERDAY, [MOVIE | dict.fromkeys(fields)])


def test_known_and_optional_fields_are_no_drift() -> None:
    optional = {"softcore": False, "media_type": "movie"}
    assert CHECKS["fields"](with_movies(MOVIE), 0) is None
    assert CHECKS["fields"](with_movies(MOVIE | optional), 0) is None
    assert CHECKS["fields"](with_movies(MOVIE, history=[earlier(*optional)]), 0) is None


def test_unknown_and_vanished_fields_are_drift() -> None:
    movie = {key: value for key, value in MOVIE.items() if key not in ("video", "adult")}
    assert CHECKS["fields"](with_movies(movie | {"b": 1, "a": 2}), 0) == Finding(
        4,
        "unknown: a, b; vanished: adult, video",
        [
            {"kind": "unknown_field", "field": "a", "finding": "the field is not known"},
            {"kind": "unknown_field", "field": "b", "finding": "the field is not known"},
            {"kind": "vanished_field", "field": "adult", "finding": "no movie has the field"},
            {"kind": "vanished_field", "field": "video", "finding": "no movie has the field"},
        ],
    )


def test_a_field_of_one_movie_is_not_vanished() -> None:
    assert CHECKS["fields"](with_movies({"id": 1}, MOVIE), 0) is None


def test_a_field_of_the_last_collection_can_vanish_but_not_one_of_an_older_collection() -> None:
    history = [earlier("brand_new"), earlier("older")]
    finding = CHECKS["fields"](with_movies(MOVIE, history=history), 0)
    assert finding is not None
    assert finding.sentence == "vanished: brand_new"


def test_ten_fields_of_each_kind_are_reported() -> None:
    finding = CHECKS["fields"](with_movies({"id": 1} | dict.fromkeys("abcdefghijklmno")), 0)
    assert finding is not None
    fields = [each["field"] for each in finding.drift]
    assert fields == [*"abcdefghij", *sorted(KNOWN_FIELDS - {"id"})[:10]]


# The bounds of movie rules


@pytest.mark.parametrize(
    ("rule", "field", "accepted", "refused"),
    [
        ("release_date_range", "release_date", "1874-01-01", "1873-12-31"),
        ("release_date_range", "release_date", "2034-01-14", "2034-01-15"),
        ("release_far_ahead", "release_date", "2026-01-08", "2026-01-09"),
        ("votes_few", "vote_count", 3, 2),
        ("id", "id", 1, 0),
    ],
)
def test_a_movie_rule_accepts_values_up_to_its_bound(
    rule: str, field: str, accepted: Any, refused: Any
) -> None:
    assert violations(RULE[rule], with_movies({field: accepted}, {field: refused})) == [1]
