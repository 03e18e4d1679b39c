"""The demo catalogue: the same answers for the same day, with the irregularities of TMDB."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pipeline.demo import Response, answer
from pipeline.demo.metrics import metrics_on
from pipeline.demo.movies import FIRST_ID, all_movies
from pipeline.demo.vocabulary import Korean

SUNDAY = date(2024, 1, 7)
KOREAN = {"language": "ko-KR", "region": "KR"}
GENRES = (28, 35, 18, 27, 10749, 878, 53, 16)
LISTS = ("/movie/popular", "/movie/top_rated", "/trending/movie/day", "/discover/movie")

Row = dict[str, Any]


def fetch(path: str, day: date = SUNDAY, **query: object) -> dict[str, Any]:
    texts = {name: str(value) for name, value in query.items()}
    response = answer(path, KOREAN | texts, day=day)
    assert response.status == 200
    document: dict[str, Any] = json.loads(response.body)
    return document


def rows(path: str, pages: int, day: date = SUNDAY, **query: object) -> list[Row]:
    return [
        row
        for page in range(1, pages + 1)
        for row in fetch(path, day, page=page, **query)["results"]
    ]


def ids(path: str, pages: int, day: date, **query: object) -> set[int]:
    return {row["id"] for row in rows(path, pages, day, **query)}


def week(day: date) -> Iterator[tuple[str, list[Row]]]:
    for genre in GENRES:
        yield "genre", rows("/discover/movie", 15, day, with_genres=genre)
    yield "top", rows("/movie/top_rated", 20, day)


@pytest.fixture(scope="module")
def popular_rows() -> list[Row]:
    """Return 2,000 rows: 25 pages of popular on four days far apart."""
    days = (SUNDAY + timedelta(days=400 * step) for step in range(4))
    return [row for day in days for row in rows("/movie/popular", 25, day)]


def percent(found: list[Row], total: list[Row]) -> float:
    return 100 * len(found) / len(total)


def test_a_repeated_request_gets_the_same_response() -> None:
    first = answer("/movie/popular", KOREAN | {"page": "1"}, day=SUNDAY)
    assert answer("/movie/popular", KOREAN | {"page": "1"}, day=SUNDAY) == first


def test_every_reply_says_that_its_data_is_made_up() -> None:
    for path in (*LISTS, "/nowhere"):
        headers = answer(path, {}, day=SUNDAY).headers
        assert headers["X-Catalogue"] == "demo"
        assert headers["Content-Type"] == "application/json;charset=utf-8"


def test_the_catalogue_is_large_and_its_ids_are_beyond_tmdbs() -> None:
    movies = all_movies()
    assert 5_500 < len(movies) < 6_500
    assert len({movie.id for movie in movies}) == len(movies)
    assert all(movie.id >= FIRST_ID for movie in movies)
    assert len({movie.title("en") for movie in movies}) > 0.97 * len(movies)


@pytest.mark.parametrize("page", ["0", "501", "-1", "x", "", "1.5", "١", "9" * 30])
@pytest.mark.parametrize("path", LISTS)
def test_a_page_outside_1_to_500_is_refused(path: str, page: str) -> None:
    response = answer(path, {"page": page}, day=SUNDAY)
    assert (response.status, json.loads(response.body)) == (
        400,
        {
            "success": False,
            "status_code": 22,
            "status_message": "Invalid page: Pages start at 1 and max at 500. "
            "They are expected to be an integer.",
        },
    )


@pytest.mark.parametrize(
    "path", ["", "/", "/movie", "/movie/5", "/movie/x", "/trending/movie/year", "/3/movie/popular"]
)
def test_an_unknown_path_is_not_found(path: str) -> None:
    assert answer(path, {}, day=SUNDAY) == Response(
        404,
        {"Content-Type": "application/json;charset=utf-8", "X-Catalogue": "demo"},
        b'{"success":false,"status_code":34,'
        b'"status_message":"The resource you requested could not be found."}',
    )


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_twenty_rows_and_counts_itself(path: str) -> None:
    document = fetch(path, page=3)
    assert list(document) == ["page", "results", "total_pages", "total_results"]
    assert document["page"] == 3
    assert len(document["results"]) == 20
    assert document["total_pages"] == -(-document["total_results"] // 20)


def test_popular_claims_far_more_than_there_is_and_ends_in_empty_pages() -> None:
    document = fetch("/movie/popular", page=500)
    assert document["results"] == []
    assert document["total_pages"] > 10_000


def test_totals_differ_between_pages_of_the_same_second() -> None:
    totals = {fetch("/movie/top_rated", page=page)["total_results"] for page in range(1, 21)}
    assert len(totals) > 1
    assert max(totals) - min(totals) <= 8


def test_a_row_has_tmdbs_keys_and_types(popular_rows: list[Row]) -> None:
    kinds = {
        "adult": bool,
        "backdrop_path": str | None,
        "genre_ids": list,
        "id": int,
        "original_language": str,
        "original_title": str,
        "overview": str,
        "popularity": float,
        "poster_path": str | None,
        "release_date": str,
        "softcore": bool,
        "title": str,
        "video": bool,
        "vote_average": int | float,
        "vote_count": int,
    }
    for row in popular_rows:
        assert set(kinds) - set(row) <= {"release_date"}
        assert set(row) <= set(kinds)
        assert all(isinstance(value, kinds[key]) for key, value in row.items())


def test_trending_rows_name_their_medium_and_lists_differ_in_key_order() -> None:
    trending = fetch("/trending/movie/week")["results"][0]
    assert trending["media_type"] == "movie"
    assert len({tuple(fetch(path)["results"][0]) for path in LISTS}) == 3


def test_irregular_values_are_as_frequent_as_at_tmdb(popular_rows: list[Row]) -> None:
    def share_of(**condition: Any) -> float:
        ((name, holds),) = condition.items()
        return percent([row for row in popular_rows if holds(row.get(name))], popular_rows)

    assert 24 < share_of(overview=lambda text: text == "") < 34
    assert 0.1 < share_of(release_date=lambda day: day is None) < 1.2
    assert 0.1 < share_of(release_date=lambda day: day == "") < 1.2
    assert 0.1 < share_of(poster_path=lambda path: path is None) < 1.0
    assert 1.5 < share_of(backdrop_path=lambda path: path is None) < 4.5
    assert 0.3 < share_of(genre_ids=lambda genres: genres == []) < 2.5
    assert 4 < share_of(vote_average=lambda average: isinstance(average, int)) < 12
    assert 1 < share_of(vote_count=lambda count: count == 0) < 10


def test_an_untranslated_title_is_the_original_and_some_have_no_overview(
    popular_rows: list[Row],
) -> None:
    untranslated = [
        row
        for row in popular_rows
        if row["original_language"] != "ko" and row["title"] == row["original_title"]
    ]
    assert 10 < percent(untranslated, popular_rows) < 30
    assert all(row["overview"] == "" for row in untranslated)


def test_popular_lists_unreleased_movies_without_votes(popular_rows: list[Row]) -> None:
    upcoming = [row for row in rows("/movie/popular", 25) if row["vote_count"] == 0]
    assert any(row["release_date"] > SUNDAY.isoformat() for row in upcoming)
    assert all(row["vote_average"] == 0 for row in upcoming)
    latest = max(row.get("release_date", "") for row in rows("/movie/popular", 90))
    assert latest <= (SUNDAY + timedelta(days=183)).isoformat()


def test_the_language_decides_the_text_but_not_the_order() -> None:
    korean, english = (
        fetch("/discover/movie", language=language)["results"] for language in ("ko-KR", "en-US")
    )
    assert [row["id"] for row in korean] == [row["id"] for row in english]
    assert any("가" <= row["overview"][:1] <= "힣" for row in korean)
    assert all(row["overview"].isascii() for row in english)


def test_a_region_moves_popular_only_a_little() -> None:
    here, there = (ids("/movie/popular", 5, SUNDAY, region=region) for region in ("KR", "BR"))
    assert 85 <= len(here & there) < 100


@pytest.mark.parametrize("path", ["/movie/popular", "/trending/movie/week"])
def test_lists_of_neighbouring_days_are_alike_but_not_equal(path: str) -> None:
    days = [ids(path, 5, SUNDAY + timedelta(days=step)) for step in range(4)]
    kept = [len(today & tomorrow) / len(today) for today, tomorrow in pairwise(days)]
    assert all(0.75 < share <= 1 for share in kept)
    assert 0.8 < sum(kept) / len(kept) < 0.99


def test_the_first_trending_page_changes_by_a_few_titles_a_day() -> None:
    days = [ids("/trending/movie/day", 1, SUNDAY + timedelta(days=step)) for step in range(8)]
    changes = [len(tomorrow - today) for today, tomorrow in pairwise(days)]
    assert 1.5 <= sum(changes) / len(changes) <= 4
    assert max(changes) <= 8


def test_votes_only_increase() -> None:
    years = [
        {entry.movie.id: entry.vote_count for entry in metrics_on(date(year, 1, 7))}
        for year in range(2024, 2028)
    ]
    for votes, later_votes in pairwise(years):
        assert all(votes[movie] <= later_votes[movie] for movie in votes)


def test_the_scale_of_popularity_drifts() -> None:
    tops = [fetch("/movie/popular", SUNDAY + timedelta(days=90 * step)) for step in range(4)]
    peaks = [max(row["popularity"] for row in top["results"]) for top in tops]
    assert max(peaks) > 1.3 * min(peaks)


@pytest.mark.parametrize("year", [2020, 2031])
def test_a_week_has_1600_to_2000_movies_in_2800_rows(year: int) -> None:
    lists = list(week(date(year, 1, 7)))
    assert sum(len(found) for _, found in lists) == 2_800
    assert 1_600 <= len({row["id"] for _, found in lists for row in found}) <= 2_000


def test_twenty_pages_of_top_rated_reach_the_minimum_rating() -> None:
    found = rows("/movie/top_rated", 20)
    assert 8.5 < found[0]["vote_average"] < 9
    assert 7.75 < found[-1]["vote_average"] < 8.05
    assert all(row["vote_average"] >= 7.5 and row["vote_count"] > 190 for row in found)
    assert not any(99 in row["genre_ids"] for row in found)


def test_the_last_movie_of_a_page_can_be_repeated_on_the_next_page() -> None:
    twice, borders = 0, 0
    for step in range(4):
        day = SUNDAY + timedelta(days=90 * step)
        pages = [fetch("/movie/popular", day, page=page)["results"] for page in range(1, 41)]
        for page, following in pairwise(pages):
            borders += 1
            repeated = {row["id"] for row in page} & {row["id"] for row in following}
            assert repeated in (set(), {page[-1]["id"]})
            twice += following[0]["id"] == page[-1]["id"]
    assert 0.02 < twice / borders < 0.12


def test_a_movie_can_have_different_figures_in_two_lists() -> None:
    popular = {row["id"]: row["popularity"] for row in rows("/movie/popular", 20)}
    discovered = {row["id"]: row["popularity"] for row in rows("/discover/movie", 20)}
    both = popular.keys() & discovered.keys()
    different = [movie for movie in both if popular[movie] != discovered[movie]]
    assert 0.1 < len(different) / len(both) < 0.6


def test_genres_are_joined_by_comma_for_and_by_pipe_for_or() -> None:
    for row in rows("/discover/movie", 3, with_genres="28,12"):
        assert {28, 12} <= set(row["genre_ids"])
    either = rows("/discover/movie", 3, with_genres="28|12")
    assert all({28, 12} & set(row["genre_ids"]) for row in either)
    assert not all({28, 12} <= set(row["genre_ids"]) for row in either)


def test_each_genre_has_far_more_than_300_movies() -> None:
    counts = Counter(genre for movie in all_movies()[:4_000] for genre in movie.genre_ids)
    assert all(counts[genre] > 450 for genre in GENRES)


@pytest.mark.parametrize("field", ["vote_average", "vote_count"])
def test_discover_sorts_by_votes_except_for_stale_pages(field: str) -> None:
    values = [row[field] for row in rows("/discover/movie", 3, sort_by=f"{field}.desc")]
    assert all(earlier >= 0.99 * later for earlier, later in pairwise(values))
    assert values[0] > values[-1]


def test_discover_sorts_by_release_date() -> None:
    found = rows("/discover/movie", 3, sort_by="primary_release_date.desc", with_genres=18)
    days = [row["release_date"] for row in found]
    assert days == sorted(days, reverse=True)
    assert days[0] > SUNDAY.isoformat()


def test_discover_filters_votes_language_and_dates() -> None:
    wanted: dict[str, Any] = {
        "vote_count.gte": 300,
        "vote_average.gte": 7,
        "with_original_language": "ko",
        "primary_release_date.gte": "2000-01-01",
        "primary_release_date.lte": "2015-12-31",
    }
    document = fetch("/discover/movie", **wanted)
    assert document["results"]
    for row in document["results"]:
        assert row["vote_count"] >= 295
        assert row["vote_average"] >= 7
        assert row["original_language"] == "ko"
        assert "2000-01-01" <= row["release_date"] <= "2015-12-31"


def test_an_unknown_parameter_changes_nothing() -> None:
    assert fetch("/discover/movie", with_geners=28) == fetch("/discover/movie")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("with_genres", "action"),
        ("with_genres", "999"),
        ("sort_by", "beauty.desc"),
        ("vote_count.gte", "many"),
        ("primary_release_date.gte", "soon"),
        ("with_original_language", "en-US"),
    ],
)
def test_an_invalid_value_gives_an_empty_list(name: str, value: Any) -> None:
    assert fetch("/discover/movie", **{name: value}) == {
        "page": 1,
        "results": [],
        "total_pages": 1,
        "total_results": 0,
    }


def test_genre_names_are_in_the_requested_language() -> None:
    korean = fetch("/genre/movie/list")["genres"]
    assert len(korean) == 19
    assert korean[0] == {"id": 28, "name": "액션"}
    assert fetch("/genre/movie/list", language="en")["genres"][0] == {"id": 28, "name": "Action"}


@pytest.mark.parametrize("day", [date(2020, 1, 7), SUNDAY, date(2031, 1, 7)])
def test_now_playing_and_upcoming_have_pages_on_both_sides_of_the_day(day: date) -> None:
    playing, upcoming = rows("/movie/now_playing", 4, day), rows("/movie/upcoming", 2, day)
    assert (len(playing), len(upcoming)) == (80, 40)
    assert all(row.get("release_date", "") <= day.isoformat() for row in playing)
    assert all(row["vote_count"] == 0 for row in upcoming)


@pytest.mark.parametrize(
    ("word", "particles", "joined"),
    [
        ("등불", "은/는", "등불은"),
        ("지도", "은/는", "지도는"),
        ("굴뚝", "으로/로", "굴뚝으로"),
        ("등불", "으로/로", "등불로"),
        ("열쇠", "으로/로", "열쇠로"),
        ("우산", "과/와", "우산과"),
    ],
)
def test_korean_words_get_the_right_particle(word: str, particles: str, joined: str) -> None:
    assert format(Korean(word), particles) == joined
