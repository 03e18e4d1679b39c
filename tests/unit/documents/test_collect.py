"""From the pages of a list to its document."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest

from pipeline.catalog import FilmList, Genre, Plan, of_genre, popular, top_rated, trending
from pipeline.documents.collect import Film, Origin, at_least, common_source, document, unique
from pipeline.errors import DataError, NoData
from pipeline.tmdb.page import FetchStats, Page

SUNDAY = datetime.date(2024, 1, 7)
PLAN = Plan(
    genres=(Genre(878, "science_fiction", "SF"),),
    pages={"popular": 2, "trending": 1, "genre": 3, "top_rated": 2},
    min_rating=7.5,
    max_days_late=None,
)
ORIGIN = Origin(
    source="tmdb",
    language="ko-KR",
    region="KR",
    collected_at=datetime.datetime(2024, 1, 6, 17, 0, 5, tzinfo=datetime.UTC),
    collected_on=SUNDAY,
    stats=FetchStats(requests=4, retries=1, bytes_received=40_000, duration_seconds=0.4),
)
EFFORT = {"requests": 4, "retries": 1, "bytes_received": 40_000, "duration_seconds": 0.4}
ALWAYS = {
    "schema_version": 1,
    "source": "tmdb",
    "language": "ko-KR",
    "region": "KR",
    "collected_at": "2024-01-06T17:00:05+00:00",
    "late_by_days": 0,
}

FIRST = {"id": 3, "title": "기생충", "vote_average": 8.5, "new_key_of_tmdb": {"kept": True}}
SECOND = {"id": 1, "title": "올드보이", "vote_average": 7.5}
THIRD = {"id": 2, "title": "괴물", "vote_average": 7}
AGAIN = {"id": 3, "title": "기생충", "vote_average": 8.499}
"""The first film once more, as another page's cache had it."""


def pages(*films_of_each: list[Film]) -> list[Page]:
    """Pages from 1 on; each claims another total, as TMDB's do."""
    return [
        Page(number, films, total_pages=len(films_of_each), total_results=100 + number)
        for number, films in enumerate(films_of_each, start=1)
    ]


def ids(films: list[Film]) -> list[int]:
    return [film["id"] for film in films]


def test_a_film_met_twice_stands_where_it_stood_first_as_it_was_first() -> None:
    assert unique([FIRST, SECOND, AGAIN, THIRD, SECOND]) == [FIRST, SECOND, THIRD]


def test_nothing_is_unique_too() -> None:
    assert unique([]) == []


@pytest.mark.parametrize("rating", [7.5, 8, 10, 7.5000001, 10**300])
def test_a_film_rated_high_enough_stays(rating: float) -> None:
    assert ids(at_least([{"id": 1, "vote_average": rating}], 7.5)) == [1]


@pytest.mark.parametrize(
    "rating", [7.4999, 7, 0, -1, True, False, None, "9.1", "", [], {}, float("nan")]
)
def test_a_film_rated_too_low_or_not_by_a_number_is_left_out(rating: Any) -> None:
    assert at_least([{"id": 1, "vote_average": rating}], 7.5) == []


@pytest.mark.parametrize("rating", [True, False, None, "9.1", "", [], {}, float("nan")])
def test_what_is_no_number_is_no_rating_even_where_any_would_do(rating: Any) -> None:
    assert at_least([{"id": 1, "vote_average": rating}], 0) == []


def test_a_film_without_any_rating_is_left_out_even_where_all_are_wanted() -> None:
    assert ids(at_least([{"id": 1}, {"id": 2, "vote_average": 0}], 0)) == [2]


def test_an_absurdly_large_rating_does_not_stop_the_list() -> None:
    at_least([{"id": 1, "vote_average": 10**400}], 7.5)


def test_the_popular_document() -> None:
    made = document(popular(PLAN), SUNDAY, pages([FIRST, SECOND], [AGAIN, THIRD]), ORIGIN)
    assert made == {
        "movies": [FIRST, SECOND, THIRD],
        "collection_info": {
            "collection_type": "daily_popular",
            "collection_date": "2024-01-07",
            "total_collected": 3,
            "pages_processed": 2,
            **ALWAYS,
            "pages_requested": 2,
            "duplicates_dropped": 1,
            "total_results": 101,
            **EFFORT,
        },
    }


def test_the_trending_document() -> None:
    assert document(trending(PLAN), SUNDAY, pages([THIRD]), ORIGIN) == {
        "movies": [THIRD],
        "collection_info": {
            "collection_type": "daily_trending",
            "collection_date": "2024-01-07",
            "total_collected": 1,
            "pages_processed": 1,
            "time_window": "day",
            **ALWAYS,
            "pages_requested": 1,
            "duplicates_dropped": 0,
            "total_results": 101,
            **EFFORT,
        },
    }


def test_a_genres_document() -> None:
    film_list = of_genre(PLAN, "science_fiction", SUNDAY)
    assert document(film_list, SUNDAY, pages([FIRST], [SECOND], []), ORIGIN) == {
        "movies": [FIRST, SECOND],
        "collection_info": {
            "collection_type": "weekly_genre",
            "collection_date": "2024-01-07",
            "total_collected": 2,
            "pages_processed": 2,
            "genre_id": 878,
            "genre_name": "SF",
            "week_number": 1,
            **ALWAYS,
            "pages_requested": 3,
            "duplicates_dropped": 0,
            "total_results": 101,
            **EFFORT,
        },
    }


def test_the_top_rated_document_leaves_out_what_is_below_the_rating() -> None:
    made = document(top_rated(PLAN, SUNDAY), SUNDAY, pages([FIRST, SECOND], [THIRD, AGAIN]), ORIGIN)
    assert made == {
        "movies": [FIRST, SECOND],
        "collection_info": {
            "collection_type": "weekly_top_rated",
            "collection_date": "2024-01-07",
            "total_collected": 2,
            "pages_processed": 2,
            "week_number": 1,
            "min_rating": 7.5,
            **ALWAYS,
            "pages_requested": 2,
            "duplicates_dropped": 1,
            "below_min_rating": 1,
            "total_results": 101,
            **EFFORT,
        },
    }


BEFORE = ["collection_type", "collection_date", "total_collected", "pages_processed"]
AFTER = [*ALWAYS, "pages_requested", "duplicates_dropped", "total_results", *EFFORT]


@pytest.mark.parametrize(
    ("film_list", "own"),
    [
        (popular(PLAN), []),
        (trending(PLAN), ["time_window"]),
        (of_genre(PLAN, "science_fiction", SUNDAY), ["genre_id", "genre_name", "week_number"]),
        (top_rated(PLAN, SUNDAY), ["week_number", "min_rating"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_collection_info_always_stands_in_the_same_order(
    film_list: FilmList, own: list[str]
) -> None:
    made = document(film_list, SUNDAY, pages([FIRST]), ORIGIN)
    assert list(made) == ["movies", "collection_info"]
    dropped = ["below_min_rating"] if film_list.min_rating is not None else []
    place = AFTER.index("total_results")
    after = [*AFTER[:place], *dropped, *AFTER[place:]]
    assert list(made["collection_info"]) == [*BEFORE, *own, *after]


def test_rows_are_kept_as_received() -> None:
    made = document(popular(PLAN), SUNDAY, pages([FIRST]), ORIGIN)
    assert list(made["movies"][0].items()) == list(FIRST.items())


@pytest.mark.parametrize(
    ("on", "days"), [("2024-01-07", 0), ("2024-01-08", 1), ("2025-01-07", 366)]
)
def test_a_late_collection_tells_by_how_many_days(on: str, days: int) -> None:
    origin = ORIGIN._replace(collected_on=datetime.date.fromisoformat(on))
    made = document(popular(PLAN), SUNDAY, pages([FIRST]), origin)
    assert made["collection_info"]["late_by_days"] == days
    assert made["collection_info"]["collection_date"] == "2024-01-07"


@pytest.mark.parametrize("empty", [list, lambda: pages([]), lambda: pages([], [])])
def test_a_list_without_a_single_film_is_no_document(empty: Callable[[], list[Page]]) -> None:
    with pytest.raises(NoData) as caught:
        document(of_genre(PLAN, "science_fiction", SUNDAY), SUNDAY, empty(), ORIGIN)
    assert str(caught.value) == (
        "TMDB's list science_fiction came back without a single film; nothing was written, run the "
        "same command again later."
    )
    assert caught.value.facts == {"list": "science_fiction"}


def test_an_empty_page_before_one_with_films_is_no_end_and_no_document() -> None:
    with pytest.raises(NoData, match="without a single film on page 2, though it has more") as told:
        document(popular(PLAN), SUNDAY, pages([FIRST], [], [SECOND]), ORIGIN)
    assert told.value.facts == {"list": "popular"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_page_that_denies_the_list_is_no_document(number: int) -> None:
    whole = pages([FIRST], [SECOND], [THIRD])
    whole[number - 1] = Page(number, [], total_pages=1, total_results=0)

    with pytest.raises(NoData, match=f"popular .* without a single film on page {number}, though"):
        document(popular(PLAN), SUNDAY, whole, ORIGIN)


def test_a_list_that_ends_before_the_pages_asked_for_is_a_document() -> None:
    made = document(popular(PLAN), SUNDAY, pages([FIRST], [SECOND], []), ORIGIN)

    assert ids(made["movies"]) == [3, 1]


def test_a_top_rated_list_with_none_good_enough_is_an_empty_document() -> None:
    made = document(top_rated(PLAN, SUNDAY), SUNDAY, pages([THIRD]), ORIGIN)
    assert made["movies"] == []
    assert made["collection_info"]["total_collected"] == 0


@pytest.mark.parametrize("source", ["tmdb", "demo"])
def test_lists_of_one_source_share_it(source: str) -> None:
    assert common_source([source] * 3) == source


def test_made_up_films_are_not_mixed_with_real_ones() -> None:
    with pytest.raises(DataError) as caught:
        common_source(["tmdb", "demo", "tmdb"])
    assert "demo and tmdb" in str(caught.value)
    assert "delete" in str(caught.value)
