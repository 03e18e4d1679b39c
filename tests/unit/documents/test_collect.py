"""From the pages of a list to its document."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from pipeline.catalog import MovieList, plan_from
from pipeline.documents.collect import Identity, at_least, deduplicate
from pipeline.documents.collect import document as assemble
from pipeline.documents.schema import Movie
from pipeline.errors import DataError
from pipeline.tmdb.page import FetchStats, Page

SUNDAY = datetime.date(2024, 1, 7)
PLAN = plan_from(
    {
        "pages": {"popular": 2, "trending": 1, "genre": 3, "top_rated": 2},
        "lists": {"upcoming": {"endpoint": "/movie/upcoming", "cadence": "weekly", "pages": 2}},
    }
)
POPULAR, TRENDING = PLAN.movie_list("popular"), PLAN.movie_list("trending")
SCIENCE_FICTION, TOP_RATED = PLAN.movie_list("science_fiction"), PLAN.movie_list("top_rated")
UPCOMING = PLAN.movie_list("upcoming")
IDENTITY = Identity("tmdb", "ko-KR", "KR")
COLLECTED_AT = datetime.datetime(2024, 1, 6, 17, 0, 5, tzinfo=datetime.UTC)
STATS = FetchStats(requests=4, retries=1, bytes_received=40_000, duration_seconds=0.4)
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


def pages(*films_of_each: list[Movie]) -> list[Page]:
    """Pages from 1 on; each claims another total, as TMDB's do."""
    return [
        Page(number, films, total_pages=len(films_of_each), total_results=100 + number)
        for number, films in enumerate(films_of_each, start=1)
    ]


def document(movie_list: MovieList, pages: list[Page], late: int = 0) -> dict[str, Any]:
    return assemble(movie_list, SUNDAY, pages, IDENTITY, COLLECTED_AT, late, STATS)


def ids(films: list[Movie]) -> list[int]:
    return [film["id"] for film in films]


def test_a_film_met_twice_stands_where_it_stood_first_as_it_was_first() -> None:
    assert deduplicate([FIRST, SECOND, AGAIN, THIRD, SECOND]) == [FIRST, SECOND, THIRD]


def test_nothing_is_unique_too() -> None:
    assert deduplicate([]) == []


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
    made = document(POPULAR, pages([FIRST, SECOND], [AGAIN, THIRD]))
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
    assert document(TRENDING, pages([THIRD])) == {
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
    assert document(SCIENCE_FICTION, pages([FIRST], [SECOND], [])) == {
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
    made = document(TOP_RATED, pages([FIRST, SECOND], [THIRD, AGAIN]))
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
    ("movie_list", "own"),
    [
        (POPULAR, []),
        (TRENDING, ["time_window"]),
        (SCIENCE_FICTION, ["genre_id", "genre_name", "week_number"]),
        (TOP_RATED, ["week_number", "min_rating"]),
        (UPCOMING, ["week_number"]),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_collection_info_always_stands_in_the_same_order(
    movie_list: MovieList, own: list[str]
) -> None:
    made = document(movie_list, pages([FIRST]))
    assert list(made) == ["movies", "collection_info"]
    dropped = ["below_min_rating"] if movie_list.min_rating is not None else []
    place = AFTER.index("total_results")
    after = [*AFTER[:place], *dropped, *AFTER[place:]]
    assert list(made["collection_info"]) == [*BEFORE, *own, *after]


def test_rows_are_kept_as_received() -> None:
    made = document(POPULAR, pages([FIRST]))
    assert list(made["movies"][0].items()) == list(FIRST.items())


def test_a_late_collection_states_by_how_many_days() -> None:
    info = document(POPULAR, pages([FIRST]), late=366)["collection_info"]
    assert (info["late_by_days"], info["collection_date"]) == (366, "2024-01-07")


@pytest.mark.parametrize("empty", [pages([]), pages([], [])])
def test_a_list_without_a_single_movie_is_no_document(empty: list[Page]) -> None:
    with pytest.raises(DataError) as caught:
        document(SCIENCE_FICTION, empty)
    assert str(caught.value) == (
        "TMDB's list science_fiction came back without a single movie on page 1; nothing was "
        "written, run the same command again later."
    )
    assert caught.value.facts == {"list": "science_fiction"}


def test_an_empty_page_before_one_with_films_is_no_end_and_no_document() -> None:
    with pytest.raises(DataError, match="without a single movie on page 2") as caught:
        document(POPULAR, pages([FIRST], [], [SECOND]))
    assert caught.value.facts == {"list": "popular"}


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_page_that_denies_the_list_is_no_document(number: int) -> None:
    whole = pages([FIRST], [SECOND], [THIRD])
    whole[number - 1] = Page(number, [], total_pages=1, total_results=0)

    with pytest.raises(DataError, match=f"popular .* without a single movie on page {number}"):
        document(POPULAR, whole)


def test_a_list_that_ends_before_the_pages_asked_for_is_a_document() -> None:
    made = document(POPULAR, pages([FIRST], [SECOND], []))

    assert ids(made["movies"]) == [3, 1]


def test_a_top_rated_list_with_none_good_enough_is_an_empty_document() -> None:
    made = document(TOP_RATED, pages([THIRD]))
    assert made["movies"] == []
    assert made["collection_info"]["total_collected"] == 0
