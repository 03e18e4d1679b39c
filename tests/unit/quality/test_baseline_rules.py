"""Each rule that looks at the days before: just kept, just broken, and what is said of that."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from pipeline.quality.baseline import Profile, profile_of
from pipeline.quality.baseline_rules import PAST_RULES, spread
from pipeline.quality.snapshot import Finding, Listing

DAY = datetime.date(2024, 1, 7)
TEN = range(1, 11)
RULES = {rule.id: rule for rule in PAST_RULES}


def films(ids: Iterable[int] = TEN, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": number, "overview": "x", **changes} for number in ids]


def profile(days_before: int, ids: Iterable[int] = TEN, **changes: Any) -> Profile:
    day = DAY - datetime.timedelta(days=days_before)
    return profile_of(day, films(ids))._replace(**changes)


def five(**changes: Any) -> list[Profile]:
    """Five collections before that were all alike."""
    return [profile(days, **changes) for days in range(1, 6)]


def of_each(name: str, values: Sequence[float | None]) -> list[Profile]:
    """A collection a day, newest first, with these values of one measure."""
    changed: list[dict[str, Any]] = [{name: value} for value in values]
    return [profile(days, **each) for days, each in enumerate(changed, start=1)]


def found(
    rule: str, limit: float, now: list[dict[str, Any]], past: list[Profile], gap_days: int = 1
) -> Finding | None:
    document = {"movies": now, "collection_info": {}}
    return RULES[rule].look(Listing("list", "list.json", DAY, document, past, gap_days), limit)


@pytest.mark.parametrize("rule", RULES)
def test_without_days_before_every_rule_is_kept(rule: str) -> None:
    assert found(rule, 1, films(), []) is None


def test_the_bulk_decides_how_far_values_stray() -> None:
    assert spread([2, 4, 6, 8, 200]) == pytest.approx(2 * 1.4826)


# repeated


def test_the_days_of_the_same_list_are_counted_back() -> None:
    past = [profile(1), profile(2), profile(3), profile(4, range(2, 12)), profile(5)]
    assert found("repeated", 3, films(), past) == Finding(
        3, "the same 10 films in the same order since 2024-01-04"
    )
    assert found("repeated", 4, films(), past) is None


def test_a_gap_ends_what_is_repeated() -> None:
    past = [profile(1), profile(2), profile(4)]
    assert found("repeated", 1, films(), past) == Finding(
        2, "the same 10 films in the same order since 2024-01-05"
    )
    wider = found("repeated", 1, films(), past, gap_days=2)
    assert wider is not None
    assert wider.found == 3


def test_another_order_and_a_short_list_are_no_repetition() -> None:
    assert found("repeated", 1, films(), [profile(1, reversed(TEN))]) is None
    assert found("repeated", 1, films(range(9)), [profile(1, range(9))]) is None


# overlap


def test_a_list_is_compared_with_the_most_alike_of_the_last() -> None:
    past = [profile(1, range(8, 18)), profile(2, range(7, 17)), profile(3, range(9, 19))]
    assert found("overlap", 0.5, films(), past, gap_days=3) == Finding(
        0.4, "only 40% of its films stood there on 2024-01-05"
    )
    assert found("overlap", 0.4, films(), past, gap_days=3) is None


def test_only_days_that_are_not_too_old_are_compared_with() -> None:
    past = [profile(1, range(100, 110)), profile(2)]
    told = found("overlap", 0.5, films(), past)
    assert told == Finding(0.0, "only 0% of its films stood there on 2024-01-06")


def test_the_shorter_list_is_the_measure_of_what_is_common() -> None:
    assert found("overlap", 0.9, films(range(20)), [profile(1, TEN)]) is None
    assert found("overlap", 0.9, films(TEN), [profile(1, range(20))]) is None


def test_short_lists_overlap_by_chance() -> None:
    assert found("overlap", 0.5, films(), [profile(1, range(20, 29))]) is None
    assert found("overlap", 0.5, films(range(9)), [profile(1, range(20, 40))]) is None


# ranks


def test_films_that_moved_are_told_by_the_least_move() -> None:
    half = [6, 7, 8, 9, 10, 1, 2, 3, 4, 5]
    past = [profile(1, half), profile(2, [2, 1, 4, 3, 6, 5, 8, 7, 10, 9]), profile(3, half)]
    assert found("ranks", 0.05, films(), past, gap_days=3) == Finding(
        0.1, "its films moved by 10% of the list since 2024-01-05"
    )
    assert found("ranks", 0.1, films(), past, gap_days=3) is None
    assert found("ranks", 0.4, films(), past[:1]) == Finding(
        0.5, "its films moved by 50% of the list since 2024-01-06"
    )


def test_films_that_stood_still_keep_any_limit() -> None:
    assert found("ranks", 0, films(), [profile(1)]) is None


def test_nine_common_films_tell_nothing_of_ranks() -> None:
    assert found("ranks", 0.1, films(), [profile(1, [9, 8, 7, 6, 5, 4, 3, 2, 1, 99])]) is None


# new_films


def test_films_that_nobody_saw_before_are_counted() -> None:
    past = [profile(1, range(1, 4)), profile(9, range(4, 6))]
    assert found("new_films", 0.4, films(), past) == Finding(
        0.5, "50% of its films stood in none of the 2 collections before"
    )
    assert found("new_films", 0.5, films(), past) is None


def test_new_films_need_a_recent_day_and_ten_films() -> None:
    assert found("new_films", 0.4, films(), [profile(2, range(50, 60))]) is None
    assert found("new_films", 0.4, films(range(9)), [profile(1, range(50, 60))]) is None
    assert found("new_films", 0.4, films(), [profile(1, range(50, 60))]) is not None


# popularity_scale


@pytest.mark.parametrize(
    ("now", "factor"), [(30, 3.0), (20.1, 2.01), (19.9, None), (5.1, None), (4.9, 0.49), (3, 0.3)]
)
def test_a_scale_that_moved_is_told_by_its_factor(now: float, factor: float | None) -> None:
    told = found("popularity_scale", 2, films(popularity=now), five(popularity_median=10.0))
    assert (told and told.found) == factor
    if factor:
        assert told is not None
        assert told.sentence == f"the median popularity is {factor:.2g} of the usual"


@pytest.mark.parametrize(("now", "moved"), [(1000, False), (1600, False), (1900, True)])
def test_a_scale_that_strays_is_given_room(now: float, moved: bool) -> None:
    """Five times 1.4826 times the logarithm of two is a factor of 170."""
    past = of_each("popularity_median", [5.0, 20.0, 10.0, 5.0, 20.0])
    assert bool(found("popularity_scale", 2, films(popularity=now), past)) is moved


def test_a_limit_below_one_is_no_limit() -> None:
    past = five(popularity_median=10.0)
    assert found("popularity_scale", 0.5, films(popularity=10.0), past) is None
    assert found("popularity_scale", 0.5, films(popularity=10.1), past) is not None


@pytest.mark.parametrize(
    ("usual", "moved"),
    [
        ([10.0, 10.0, 1000.0], False),
        ([10.0, 10.0, 10.0, 1000.0], False),
        ([10.0, 10.0, 10.0, 10.0, 1000.0], True),
        ([10.0, 10.0, 400.0], True),
        ([10.0, 10.0, 600.0], False),
    ],
)
def test_one_of_a_few_days_may_have_been_the_right_one(usual: list[float], moved: bool) -> None:
    told = found(
        "popularity_scale", 2, films(popularity=1000.0), of_each("popularity_median", usual)
    )
    assert bool(told) is moved


@pytest.mark.parametrize("unknown", [None, 0, -1.0])
def test_no_popularity_is_no_scale(unknown: float | None) -> None:
    past = five(popularity_median=10.0)
    assert found("popularity_scale", 2, films(popularity=unknown), past) is None
    assert found("popularity_scale", 2, films(popularity=99), five(popularity_median=unknown)) is (
        None
    )


# overviews_unusual


def with_empty(count: int) -> list[dict[str, Any]]:
    return [*films(range(count), overview=""), *films(range(count, 10))]


def test_more_empty_overviews_than_usual_are_told() -> None:
    past = five(overviews_empty=0.1)
    assert found("overviews_unusual", 0.25, with_empty(4), past) == Finding(
        0.3, "40% of the overviews are empty, 10% usually"
    )
    assert found("overviews_unusual", 0.35, with_empty(4), past) is None
    assert found("overviews_unusual", 0.1, with_empty(0), five(overviews_empty=0.5)) is None
    assert found("overviews_unusual", 0.5, with_empty(5), five(overviews_empty=0.0)) is None


def test_overviews_that_stray_are_given_room() -> None:
    """Five times 1.4826 times 0.1 is 0.74 above the median of 0.1."""
    past = of_each("overviews_empty", [0.0, 0.0, 0.1, 0.2, 0.2])
    assert found("overviews_unusual", 0.2, with_empty(8), past) is None
    assert found("overviews_unusual", 0.2, with_empty(9), past) is not None


@pytest.mark.parametrize("rule", ["overviews_unusual", "votes_unusual", "years_unusual"])
def test_there_is_a_usual_from_five_days_and_ten_films_on(rule: str) -> None:
    past = five(overviews_empty=0.0, votes_median=1e6, year_median=1900.0)
    now = films(overview="", vote_count=1, release_date="2024-01-01")
    assert found(rule, 0.5, now, past) is not None
    assert found(rule, 0.5, now, past[:4]) is None
    assert found(rule, 0.5, now[:9], past) is None


# votes_unusual


def test_fewer_votes_than_usual_are_told() -> None:
    past = five(votes_median=99.0)
    assert found("votes_unusual", 3.9, films(vote_count=24), past) == Finding(
        4.0, "the median film has 24 votes, 99 usually"
    )
    assert found("votes_unusual", 4.1, films(vote_count=24), past) is None
    assert found("votes_unusual", 2, films(vote_count=10_000), past) is None


def test_no_votes_at_all_are_as_few_as_can_be() -> None:
    past = five(votes_median=99.0)
    told = found("votes_unusual", 2, films(vote_count=0), past)
    assert told == Finding(100.0, "the median film has 0 votes, 99 usually")
    less_than_none = found("votes_unusual", 2, films(vote_count=-5), past)
    assert less_than_none is not None
    assert less_than_none.found == 100.0


def test_votes_that_stray_are_given_room() -> None:
    past = of_each("votes_median", [49.0, 199.0, 99.0, 49.0, 199.0])
    assert found("votes_unusual", 2, films(vote_count=1), past) is None
    assert found("votes_unusual", 2, films(vote_count=1), five(votes_median=99.0)) is not None


@pytest.mark.parametrize(
    ("rule", "measure", "field"),
    [("votes_unusual", "votes_median", "vote_count"), ("years_unusual", "year_median", "none")],
)
def test_a_measure_that_is_missing_on_either_side_tells_nothing(
    rule: str, measure: str, field: str
) -> None:
    assert found(rule, 1, films(), five(**{measure: 1900.0})) is None
    now = films(TEN, **{field: 1}, release_date="2024-01-01")
    assert found(rule, 1, now, five(**{measure: None})) is None
    assert found(rule, 1, now, five(**{measure: 1900.0})) is not None


# years_unusual


@pytest.mark.parametrize(
    ("usual", "limit", "told"),
    [
        (2034.0, 9.5, Finding(-10.0, "the median film is of 2024, of 2034 usually")),
        (2034.0, 10.0, None),
        (2014.0, 9.5, Finding(10.0, "the median film is of 2024, of 2014 usually")),
        (2014.0, 10.0, None),
    ],
)
def test_older_or_younger_films_than_usual_are_told(
    usual: float, limit: float, told: Finding | None
) -> None:
    now = films(release_date="2024-01-01")
    assert found("years_unusual", limit, now, five(year_median=usual)) == told


def test_years_that_stray_are_given_room() -> None:
    past = of_each("year_median", [2000.0, 2000.0, 2002.0, 2004.0, 2004.0])
    assert found("years_unusual", 5, films(release_date="2016-01-01"), past) is None
    assert found("years_unusual", 5, films(release_date="2018-01-01"), past) is not None
