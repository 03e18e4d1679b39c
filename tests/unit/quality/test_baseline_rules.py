"""Each rule that compares a list with its history: just satisfied, just violated, and how."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.quality.report import CHECKS
from pipeline.quality.rules import HistoryBounds
from pipeline.quality.snapshot import Baseline, Finding, ListSnapshot, measure

DAY = datetime.date(2024, 1, 7)
TEN = range(1, 11)


def movies(ids: Iterable[int] = TEN, **changes: Any) -> list[dict[str, Any]]:
    return [{"id": number, "overview": "x", **changes} for number in ids]


def earlier(days_before: int, ids: Iterable[int] = TEN, **changes: Any) -> Baseline:
    day = DAY - datetime.timedelta(days=days_before)
    return replace(measure(day, movies(ids)), **changes)


def five(**changes: Any) -> list[Baseline]:
    """Five earlier collections with the same figures."""
    return [earlier(days, **changes) for days in range(1, 6)]


def of_each(name: str, values: Sequence[float | None]) -> list[Baseline]:
    """Daily collections, newest first, with these values of one figure."""
    changed: list[dict[str, Any]] = [{name: value} for value in values]
    return [earlier(days, **each) for days, each in enumerate(changed, start=1)]


def found(
    rule: str, limit: float, now: list[dict[str, Any]], history: list[Baseline], gap_days: int = 1
) -> Finding | None:
    snapshot = ListSnapshot("list", "list.json", DAY, now, {}, history, gap_days)
    return CHECKS[rule](snapshot, limit)


@pytest.mark.parametrize("rule", list(CHECKS)[list(CHECKS).index("repeated") :])
def test_every_rule_passes_without_history(rule: str) -> None:
    assert found(rule, 1, movies(), []) is None


@pytest.mark.parametrize(("year", "accepted"), [(2019, True), (2020, False)])
def test_an_outlier_does_not_widen_what_is_accepted(year: int, accepted: bool) -> None:
    history = of_each("year_median", [2002, 2004, 2006, 2008, 2200])
    finding = found("years_unusual", 8, movies(release_date=f"{year}-01-01"), history)
    assert (finding is None) is accepted  # 5 * 1.4826 * 2 years from 2005


# repeated


def test_identical_collections_are_counted_back_from_today() -> None:
    history = [earlier(1), earlier(2), earlier(3), earlier(4, range(2, 12)), earlier(5)]
    assert found("repeated", 3, movies(), history) == Finding(
        3, "the same 10 movies in the same order since 2024-01-04"
    )
    assert found("repeated", 4, movies(), history) is None


def test_a_gap_ends_the_run_of_identical_collections() -> None:
    history = [earlier(1), earlier(2), earlier(4)]
    assert found("repeated", 1, movies(), history) == Finding(
        2, "the same 10 movies in the same order since 2024-01-05"
    )
    wider = found("repeated", 1, movies(), history, gap_days=2)
    assert wider is not None
    assert wider.found == 3


def test_a_reordered_list_or_a_short_one_is_not_repeated() -> None:
    assert found("repeated", 1, movies(), [earlier(1, reversed(TEN))]) is None
    assert found("repeated", 1, movies(range(9)), [earlier(1, range(9))]) is None


# overlap


def test_a_list_is_compared_with_the_most_similar_recent_collection() -> None:
    history = [earlier(1, range(8, 18)), earlier(2, range(7, 17)), earlier(3, range(9, 19))]
    assert found("overlap", 0.5, movies(), history, gap_days=3) == Finding(
        0.4, "only 40% of its movies were in the list of 2024-01-05"
    )
    assert found("overlap", 0.4, movies(), history, gap_days=3) is None


def test_an_outdated_collection_is_not_compared_one_to_one() -> None:
    history = [earlier(1, range(100, 110)), earlier(2)]
    finding = found("overlap", 0.5, movies(), history)
    assert finding == Finding(0.0, "only 0% of its movies were in the list of 2024-01-06")


def test_the_overlap_is_a_share_of_the_shorter_list() -> None:
    assert found("overlap", 0.9, movies(range(20)), [earlier(1, TEN)]) is None
    assert found("overlap", 0.9, movies(TEN), [earlier(1, range(20))]) is None


def test_short_lists_are_not_checked_for_overlap() -> None:
    assert found("overlap", 0.5, movies(), [earlier(1, range(20, 29))]) is None
    assert found("overlap", 0.5, movies(range(9)), [earlier(1, range(20, 40))]) is None


# ranks


def test_the_smallest_move_of_the_recent_collections_is_reported() -> None:
    half = [6, 7, 8, 9, 10, 1, 2, 3, 4, 5]
    history = [earlier(1, half), earlier(2, [2, 1, 4, 3, 6, 5, 8, 7, 10, 9]), earlier(3, half)]
    assert found("ranks", 0.05, movies(), history, gap_days=3) == Finding(
        0.1, "its movies moved by 10% of the list since 2024-01-05"
    )
    assert found("ranks", 0.1, movies(), history, gap_days=3) is None
    assert found("ranks", 0.4, movies(), history[:1]) == Finding(
        0.5, "its movies moved by 50% of the list since 2024-01-06"
    )


def test_a_list_without_any_move_passes_with_every_limit() -> None:
    assert found("ranks", 0, movies(), [earlier(1)]) is None


def test_nine_common_movies_are_too_few_to_compare_ranks() -> None:
    assert found("ranks", 0.1, movies(), [earlier(1, [9, 8, 7, 6, 5, 4, 3, 2, 1, 99])]) is None


# new_films


def test_movies_that_are_in_no_earlier_collection_are_counted() -> None:
    history = [earlier(1, range(1, 4)), earlier(9, range(4, 6))]
    assert found("new_films", 0.4, movies(), history) == Finding(
        0.5, "50% of its movies were in none of the 2 collections before"
    )
    assert found("new_films", 0.5, movies(), history) is None


def test_new_movies_are_counted_from_ten_movies_and_with_a_recent_collection() -> None:
    assert found("new_films", 0.4, movies(), [earlier(2, range(50, 60))]) is None
    assert found("new_films", 0.4, movies(range(9)), [earlier(1, range(50, 60))]) is None
    assert found("new_films", 0.4, movies(), [earlier(1, range(50, 60))]) is not None


# popularity_scale


@pytest.mark.parametrize(
    ("now", "factor"), [(30, 3.0), (20.1, 2.01), (19.9, None), (5.1, None), (4.9, 0.49), (3, 0.3)]
)
def test_a_moved_scale_of_popularity_is_reported_with_its_factor(
    now: float, factor: float | None
) -> None:
    finding = found("popularity_scale", 2, movies(popularity=now), five(popularity_median=10.0))
    assert (finding and finding.found) == factor
    if factor:
        assert finding is not None
        assert finding.sentence == f"the median popularity is {factor:.2g} times the baseline"


@pytest.mark.parametrize(("now", "moved"), [(1000, False), (1600, False), (1900, True)])
def test_a_baseline_that_varies_widens_the_accepted_scale(now: float, moved: bool) -> None:
    """The tolerance is 5 * 1.4826 * log(2), a factor of 170."""
    history = of_each("popularity_median", [5.0, 20.0, 10.0, 5.0, 20.0])
    assert bool(found("popularity_scale", 2, movies(popularity=now), history)) is moved


def test_a_factor_below_one_counts_as_one() -> None:
    history = five(popularity_median=10.0)
    assert found("popularity_scale", 0.5, movies(popularity=10.0), history) is None
    assert found("popularity_scale", 0.5, movies(popularity=10.1), history) is not None


@pytest.mark.parametrize(
    ("baseline", "moved"),
    [
        ([10.0, 10.0, 1000.0], False),
        ([10.0, 10.0, 10.0, 1000.0], False),
        ([10.0, 10.0, 10.0, 10.0, 1000.0], True),
        ([10.0, 10.0, 400.0], True),
        ([10.0, 10.0, 600.0], False),
    ],
)
def test_with_a_short_history_one_similar_collection_is_enough(
    baseline: list[float], moved: bool
) -> None:
    finding = found(
        "popularity_scale", 2, movies(popularity=1000.0), of_each("popularity_median", baseline)
    )
    assert bool(finding) is moved


@pytest.mark.parametrize("unknown", [None, 0, -1.0])
def test_a_list_without_popularity_has_no_scale(unknown: float | None) -> None:
    history = five(popularity_median=10.0)
    assert found("popularity_scale", 2, movies(popularity=unknown), history) is None
    assert found("popularity_scale", 2, movies(popularity=99), five(popularity_median=unknown)) is (
        None
    )


@pytest.mark.parametrize(
    ("now", "baseline", "factor"),
    [
        (20.0, [5.0, 10.0, 40.0], 2.0),
        (5.0, [10.0, None, 0.0, -3.0], 0.5),
        (0.5, [1.0], 0.5),
        (5.0, [0.5], 10.0),
        (1e250, [1e-4], 1e254),
        (0.001, [1e250], 0.0),
        (1.0, [None], None),
        (1.0, [], None),
    ],
)
def test_popularity_is_a_multiple_of_the_median_of_the_history(
    now: float, baseline: list[float | None], factor: float | None
) -> None:
    rows, history = movies(popularity=now), of_each("popularity_median", baseline)
    exact = HistoryBounds(max_deviations=0)
    snapshot = ListSnapshot("x", "x.json", DAY, rows, {}, history, history_bounds=exact)
    finding = CHECKS["popularity_scale"](snapshot, 1)
    assert (finding and finding.found) == (factor and pytest.approx(factor, rel=1e-4))


def test_a_moved_scale_of_popularity_is_drift() -> None:
    finding = found("popularity_scale", 2, movies(popularity=123.45), five(popularity_median=10.0))
    assert finding is not None
    sentence = "the median popularity is 12 times the baseline"
    drift = {"kind": "popularity_scale", "field": "popularity", "finding": sentence}
    assert finding.drift == [drift]


# overviews_unusual


def with_empty(count: int) -> list[dict[str, Any]]:
    return [*movies(range(count), overview=""), *movies(range(count, 10))]


def test_more_or_fewer_empty_overviews_than_in_the_baseline_are_reported() -> None:
    history = five(overviews_empty=0.1)
    assert found("overviews_unusual", 0.25, with_empty(4), history) == Finding(
        0.3, "40% of the overviews are empty, 10% in the baseline"
    )
    assert found("overviews_unusual", 0.35, with_empty(4), history) is None
    assert found("overviews_unusual", 0.1, with_empty(0), five(overviews_empty=0.5)) == Finding(
        0.5, "0% of the overviews are empty, 50% in the baseline"
    )
    assert found("overviews_unusual", 0.5, with_empty(5), five(overviews_empty=0.0)) is None


def test_a_baseline_that_varies_widens_the_accepted_share_of_empty_overviews() -> None:
    """The tolerance is 5 * 1.4826 * 0.1 = 0.74 above the median of 0.1."""
    history = of_each("overviews_empty", [0.0, 0.0, 0.1, 0.2, 0.2])
    assert found("overviews_unusual", 0.2, with_empty(8), history) is None
    assert found("overviews_unusual", 0.2, with_empty(9), history) is not None


@pytest.mark.parametrize("rule", ["overviews_unusual", "votes_unusual", "years_unusual"])
def test_a_baseline_needs_five_collections_and_ten_movies(rule: str) -> None:
    history = five(overviews_empty=0.0, votes_median=1e6, year_median=1900.0)
    now = movies(overview="", vote_count=1, release_date="2024-01-01")
    assert found(rule, 0.5, now, history) is not None
    assert found(rule, 0.5, now, history[:4]) is None
    assert found(rule, 0.5, now[:9], history) is None


# votes_unusual


def test_fewer_votes_than_in_the_baseline_are_reported() -> None:
    history = five(votes_median=99.0)
    assert found("votes_unusual", 3.9, movies(vote_count=24), history) == Finding(
        4.0, "the median movie has 24 votes, 99 in the baseline"
    )
    assert found("votes_unusual", 4.1, movies(vote_count=24), history) is None
    assert found("votes_unusual", 2, movies(vote_count=10_000), history) is None


def test_a_negative_number_of_votes_counts_as_none() -> None:
    history = five(votes_median=99.0)
    finding = found("votes_unusual", 2, movies(vote_count=0), history)
    assert finding == Finding(100.0, "the median movie has 0 votes, 99 in the baseline")
    negative = found("votes_unusual", 2, movies(vote_count=-5), history)
    assert negative is not None
    assert negative.found == 100.0


def test_a_baseline_that_varies_widens_the_accepted_votes() -> None:
    history = of_each("votes_median", [49.0, 199.0, 99.0, 49.0, 199.0])
    assert found("votes_unusual", 2, movies(vote_count=1), history) is None
    assert found("votes_unusual", 2, movies(vote_count=1), five(votes_median=99.0)) is not None


@pytest.mark.parametrize(
    ("rule", "figure", "field"),
    [("votes_unusual", "votes_median", "vote_count"), ("years_unusual", "year_median", "none")],
)
def test_a_figure_that_is_missing_on_either_side_is_not_compared(
    rule: str, figure: str, field: str
) -> None:
    assert found(rule, 1, movies(), five(**{figure: 1900.0})) is None
    now = movies(TEN, **{field: 1}, release_date="2024-01-01")
    assert found(rule, 1, now, five(**{figure: None})) is None
    assert found(rule, 1, now, five(**{figure: 1900.0})) is not None


# years_unusual


@pytest.mark.parametrize(
    ("baseline", "limit", "expected"),
    [
        (2034.0, 9.5, Finding(10.0, "the median movie is of 2024, of 2034 in the baseline")),
        (2034.0, 10.0, None),
        (2014.0, 9.5, Finding(10.0, "the median movie is of 2024, of 2014 in the baseline")),
        (2014.0, 10.0, None),
    ],
)
def test_older_or_newer_movies_than_in_the_baseline_are_reported(
    baseline: float, limit: float, expected: Finding | None
) -> None:
    now = movies(release_date="2024-01-01")
    assert found("years_unusual", limit, now, five(year_median=baseline)) == expected


def test_a_baseline_that_varies_widens_the_accepted_years() -> None:
    history = of_each("year_median", [2000.0, 2000.0, 2002.0, 2004.0, 2004.0])
    assert found("years_unusual", 5, movies(release_date="2016-01-01"), history) is None
    assert found("years_unusual", 5, movies(release_date="2018-01-01"), history) is not None
