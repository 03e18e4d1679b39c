"""What changed in the shape of the data, as the report tells it."""

from __future__ import annotations

import datetime
import math
from typing import Any

import pytest

from pipeline.quality.baseline import Profile, profile_of
from pipeline.quality.drift import KNOWN_FIELDS, MOST_FIELDS, drift_of, fields_of, popularity_factor
from pipeline.quality.snapshot import Listing

DAY = datetime.date(2024, 1, 7)
FILM = dict.fromkeys(KNOWN_FIELDS) | {"id": 1}


def listing(*films: dict[str, Any], past: list[Profile] | None = None) -> Listing:
    document = {"movies": list(films), "collection_info": {}}
    return Listing("popular", "x.json", DAY, document, past or [])


def before(popularity: float | None, *more: str) -> Profile:
    day = DAY - datetime.timedelta(days=1)
    film = FILM | dict.fromkeys(more)
    return profile_of(day, [film])._replace(popularity_median=popularity)


def entry(kind: str, field: str, finding: str) -> dict[str, str]:
    return {"list": "popular", "kind": kind, "field": field, "finding": finding}


def test_known_fields_are_no_drift_nor_are_those_that_come_and_go() -> None:
    assert drift_of(listing(FILM), popularity_moved=False) == []
    assert drift_of(listing(FILM | {"softcore": False, "media_type": "movie"}), False) == []
    past = [before(1.0, "softcore", "media_type")]
    assert fields_of(listing(FILM, past=past)) == ([], [])


def test_fields_that_came_and_went_are_told_by_name() -> None:
    film = {key: value for key, value in FILM.items() if key not in ("video", "adult")}
    assert drift_of(listing(film | {"b": 1, "a": 2}), popularity_moved=False) == [
        entry("unknown_field", "a", "nobody knows it"),
        entry("unknown_field", "b", "nobody knows it"),
        entry("vanished_field", "adult", "no film has it"),
        entry("vanished_field", "video", "no film has it"),
    ]


def test_a_field_that_one_film_has_is_there() -> None:
    assert fields_of(listing({"id": 1}, FILM)) == ([], [])


def test_a_field_of_the_last_collection_can_vanish_too_and_one_of_before_not() -> None:
    past = [before(1.0, "brand_new"), before(1.0, "older")]
    assert fields_of(listing(FILM, past=past)) == ([], ["brand_new"])


def test_an_empty_list_lacks_no_field() -> None:
    assert fields_of(listing()) == ([], [])


def test_ten_fields_of_each_kind_are_told() -> None:
    unknown, vanished = fields_of(listing({"id": 1} | dict.fromkeys("abcdefghijklmno")))
    assert unknown == list("abcdefghij")
    assert vanished == sorted(KNOWN_FIELDS - {"id"})[:MOST_FIELDS]


def test_a_scale_that_moved_is_told_where_its_rule_fell_short() -> None:
    moved = listing(FILM | {"popularity": 12.345}, past=[before(1.0)])
    assert drift_of(moved, popularity_moved=True) == [
        entry("popularity_scale", "popularity", "its median is 12 of the usual")
    ]
    assert drift_of(moved, popularity_moved=False) == []
    assert drift_of(listing(FILM), popularity_moved=True) == []


@pytest.mark.parametrize(
    ("now", "usual", "factor"),
    [
        (20.0, [5.0, 10.0, 40.0], 2.0),
        (5.0, [10.0, None, 0.0, -3.0], 0.5),
        (0.5, [1.0], 0.5),
        (5.0, [0.5], 10.0),
        (1e300, [1e-4], math.exp(30)),
        (0.001, [1e300], math.exp(-30)),
        (0.0, [1.0], None),
        (-1.0, [1.0], None),
        (None, [1.0], None),
        (1.0, [None], None),
        (1.0, [], None),
    ],
)
def test_popularity_is_a_multiple_of_the_median_before(
    now: float | None, usual: list[float | None], factor: float | None
) -> None:
    found = popularity_factor(
        listing(FILM | {"popularity": now}, past=[before(each) for each in usual])
    )
    assert found == (None if factor is None else pytest.approx(factor))
