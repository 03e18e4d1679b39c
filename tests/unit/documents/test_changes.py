"""Who is new, who left, who climbed between two days."""

from __future__ import annotations

import datetime
from typing import Any

from pipeline.documents.summary import changes

SATURDAY = datetime.date(2024, 1, 6)


def films(*numbers: int) -> list[dict[str, Any]]:
    return [{"id": number, "title": str(number)} for number in numbers]


def climbers(now: list[dict[str, Any]], before: list[dict[str, Any]]) -> list[tuple[int, int, int]]:
    climbed = changes(now, before, SATURDAY)["climbers"]
    return [(each["id"], each["rank_before"], each["rank"]) for each in climbed]


def test_a_film_that_kept_its_rank_or_fell_is_no_climber() -> None:
    assert climbers(films(1, 3, 2), films(1, 2, 3)) == [(3, 3, 2)]


def test_the_leap_decides_and_not_the_ranks() -> None:
    now, before = films(10, 2, 3, 1, 4), films(2, 10, 1, 4, 9, 8, 3)
    assert climbers(now, before) == [(3, 7, 3), (10, 2, 1)]


def test_alike_leaps_stand_in_the_order_of_the_list() -> None:
    assert climbers(films(2, 1, 4, 3), films(1, 2, 3, 4)) == [(2, 2, 1), (4, 4, 3)]


def test_the_ten_biggest_climbers_are_named() -> None:
    climbed = climbers(films(*range(24, 0, -1)), films(*range(1, 25)))
    assert climbed == [(number, number, 25 - number) for number in range(24, 14, -1)]
