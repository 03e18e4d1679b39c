"""The week's films, each once."""

from __future__ import annotations

import copy
import datetime
import itertools
from typing import Any

import pytest

from pipeline.catalog import BY_GENRE, BY_RATING, MovieList
from pipeline.documents.consolidate import Source, consolidated_week

SUNDAY = datetime.date(2024, 1, 7)


def film(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": number, "title": f"영화 {number}", "popularity": 10.5, **changes}


def source(
    name: str,
    *films: dict[str, Any],
    category: str = BY_GENRE,
    late: int = 0,
    origin: str = "tmdb",
) -> Source:
    entry = MovieList(name=name, endpoint="/x", cadence="weekly", pages=1, category=category)
    info = {
        "late_by_days": late,
        "source": origin,
        "total_collected": len(films),
        "collected_at": "2024-01-06T18:00:00+00:00",
    }
    return entry, f"raw/{name}.json", {"movies": list(films), "collection_info": info}


def week() -> list[Source]:
    return [
        source("action", film(5), film(2, popularity=99.0)),
        source("comedy", film(2), film(7), film(5, title="다른 캐시")),
        source("top_rated", film(1), film(7), film(2), film(9), category=BY_RATING),
    ]


def merged(date: datetime.date, sources: list[Source]) -> dict[str, Any]:
    return consolidated_week(date, iter(sources), verdict="warn", quality_report="raw/report.json")


def found(**ranks: int) -> list[dict[str, Any]]:
    return [{"list": name, "rank": rank} for name, rank in ranks.items()]


def test_the_weeks_document() -> None:
    assert merged(SUNDAY, week()) == {
        "movies": [
            {**film(5), "found_in": found(action=1, comedy=3)},
            {**film(2, popularity=99.0), "found_in": found(action=2, comedy=1, top_rated=3)},
            {**film(7), "found_in": found(comedy=2, top_rated=2)},
            {**film(1), "found_in": found(top_rated=1)},
            {**film(9), "found_in": found(top_rated=4)},
        ],
        "consolidation_info": {
            "consolidation_date": "2024-01-07",
            "week_number": 1,
            "sources_processed": ["raw/action.json", "raw/comedy.json", "raw/top_rated.json"],
            "total_unique_movies": 5,
            "by_category": {"장르별": 3, "평점별": 2},
            "verdict": "warn",
            "quality_report": "raw/report.json",
            "numbers_differ": 1,
            "late_by_days": 0,
            "source": "tmdb",
            "schema_version": 1,
        },
    }


def test_keys_stand_in_the_contracts_order() -> None:
    made = merged(SUNDAY, week())
    assert list(made) == ["movies", "consolidation_info"]
    assert list(made["consolidation_info"])[:5] == [
        "consolidation_date",
        "week_number",
        "sources_processed",
        "total_unique_movies",
        "by_category",
    ]
    assert list(made["consolidation_info"]["by_category"]) == ["장르별", "평점별"]
    assert list(made["movies"][0]) == [*film(5), "found_in"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_in_any_order_each_film_is_there_once_and_the_categories_add_up(
    order: tuple[int, ...],
) -> None:
    made = merged(SUNDAY, [week()[place] for place in order])
    info = made["consolidation_info"]
    assert sorted(film["id"] for film in made["movies"]) == [1, 2, 5, 7, 9]
    assert sum(info["by_category"].values()) == info["total_unique_movies"] == 5


def voted(number: int, votes: Any, title: str) -> dict[str, Any]:
    return film(number, vote_count=votes, title=title)


@pytest.mark.parametrize(
    ("votes", "winner"),
    [
        ((100, 101, 99), "comedy"),
        ((100, 100, 100), "action"),
        ((99, 100, 100), "comedy"),
        ((0, 0, 1), "top_rated"),
        ((None, 3, "99"), "comedy"),
        ((None, True, "99"), "action"),
        ((None, 0, 0), "comedy"),
        ((None, -5, -1), "action"),
        ((-5, None, -1), "action"),
    ],
)
def test_the_row_with_the_most_votes_is_taken_whole_where_its_first_list_had_it(
    votes: tuple[Any, ...], winner: str
) -> None:
    names = ("action", "comedy", "top_rated")
    lists = [
        source(name, film(8), voted(5, count, name))
        for name, count in zip(names, votes, strict=True)
    ]
    made = merged(SUNDAY, lists)["movies"]
    assert [row["id"] for row in made] == [8, 5]
    assert made[1]["title"] == winner
    assert made[1]["found_in"] == found(action=2, comedy=2, top_rated=2)


def test_films_whose_numbers_differ_are_counted_once_each() -> None:
    lists = [
        source("action", film(1), film(2, vote_average=7), film(3)),
        source("comedy", film(1), film(2, vote_average=8), film(3, title="other")),
        source("drama", film(2, vote_average=9)),
        source("horror", film(1)),
    ]
    assert merged(SUNDAY, lists)["consolidation_info"]["numbers_differ"] == 1
    lists.append(source("thriller", film(1, vote_average=6)))
    assert merged(SUNDAY, lists)["consolidation_info"]["numbers_differ"] == 2


def test_among_equals_the_first_lists_row_counts_whichever_that_is() -> None:
    made = merged(SUNDAY, [*week()[1:], week()[0]])
    rows = {row["id"]: row for row in made["movies"]}
    assert rows[5]["title"] == "다른 캐시"
    assert rows[2]["popularity"] == 10.5


def test_a_category_without_films_is_still_counted() -> None:
    made = merged(SUNDAY, week()[:2])
    assert made["consolidation_info"]["by_category"] == {"장르별": 3, "평점별": 0}


def test_a_list_of_a_category_of_its_own_is_counted_there() -> None:
    made = merged(SUNDAY, [*week()[:2], source("upcoming", film(5), film(6), category="기타")])
    assert made["consolidation_info"]["by_category"] == {"장르별": 3, "평점별": 0, "기타": 1}


def test_what_a_film_says_of_where_it_was_found_is_replaced() -> None:
    lists = [source("action", {"found_in": "elsewhere", **film(1)}), source("drama", film(1))]
    (row,) = merged(SUNDAY, lists)["movies"]
    assert list(row.items()) == [*film(1).items(), ("found_in", found(action=1, drama=1))]


def test_a_movie_that_a_list_has_twice_keeps_both_ranks() -> None:
    (row,) = merged(SUNDAY, [source("action", film(1), film(1))])["movies"]
    assert row["found_in"] == [{"list": "action", "rank": 1}, {"list": "action", "rank": 2}]


@pytest.mark.parametrize("odd", [[], {}, None, "x", 10**400, -(10**400), 1.5])
def test_odd_numbers_are_compared_and_kept(odd: Any) -> None:
    lists = [
        source("action", film(1, vote_count=odd), film(2)),
        source("comedy", film(1, vote_count=odd), film(2, popularity=odd)),
    ]
    made = merged(SUNDAY, lists)
    assert made["movies"][0]["vote_count"] == odd
    assert made["consolidation_info"]["numbers_differ"] == 1


@pytest.mark.parametrize(("one", "other"), [([1], [2]), ({"a": 1}, {}), ([], None)])
def test_odd_numbers_that_differ_are_counted(one: Any, other: Any) -> None:
    lists = [source("action", film(1, vote_count=one)), source("comedy", film(1, vote_count=other))]
    assert merged(SUNDAY, lists)["consolidation_info"]["numbers_differ"] == 1


def test_the_lists_themselves_are_not_changed() -> None:
    sources = week()
    before = copy.deepcopy(sources)
    merged(SUNDAY, sources)
    assert sources == before


@pytest.mark.parametrize(("lateness", "expected"), [((0, 0), 0), ((0, 3), 3), ((5, 2), 5)])
def test_the_week_is_as_late_as_its_latest_list(lateness: tuple[int, ...], expected: int) -> None:
    sources = [source(f"list{place}", film(1), late=late) for place, late in enumerate(lateness)]
    made = merged(SUNDAY, sources)
    assert made["consolidation_info"]["late_by_days"] == expected


@pytest.mark.parametrize(
    ("day", "number"), [("2026-12-31", 53), ("2021-01-03", 53), ("2024-12-30", 1)]
)
def test_the_weeks_number_is_that_of_iso_8601(day: str, number: int) -> None:
    date = datetime.date.fromisoformat(day)
    info = merged(date, week())["consolidation_info"]
    assert (info["consolidation_date"], info["week_number"]) == (day, number)


def test_a_demo_week_says_so() -> None:
    made = merged(SUNDAY, [source("action", film(1), origin="demo")])
    assert made["consolidation_info"]["source"] == "demo"
