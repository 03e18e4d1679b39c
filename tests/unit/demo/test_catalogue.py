"""The embedded catalogue: one date, one truth, with all of TMDB's hazards in their proportions."""

import json
from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from pipeline.demo import Reply, answer
from pipeline.demo.catalogue import FIRST_ID, catalogue
from pipeline.demo.words import Korean

SUNDAY = date(2024, 1, 7)
KOREAN = {"language": "ko-KR", "region": "KR"}
GENRES = (28, 35, 18, 27, 10749, 878, 53, 16)
LISTS = ("/movie/popular", "/movie/top_rated", "/trending/movie/day", "/discover/movie")

Row = dict[str, Any]


def asked(path: str, on: date = SUNDAY, **query: object) -> dict[str, Any]:
    texts = {name: str(value) for name, value in query.items()}
    reply = answer(path, KOREAN | texts, on=on)
    assert reply.status == 200
    document: dict[str, Any] = json.loads(reply.body)
    return document


def rows(path: str, pages: int, on: date = SUNDAY, **query: object) -> list[Row]:
    return [
        row
        for page in range(1, pages + 1)
        for row in asked(path, on, page=page, **query)["results"]
    ]


def ids(path: str, pages: int, on: date, **query: object) -> set[int]:
    return {row["id"] for row in rows(path, pages, on, **query)}


def week(on: date) -> Iterator[tuple[str, list[Row]]]:
    for genre in GENRES:
        yield "genre", rows("/discover/movie", 15, on, with_genres=genre)
    yield "top", rows("/movie/top_rated", 20, on)


@pytest.fixture(scope="module")
def popular_rows() -> list[Row]:
    """2,000 rows: 25 pages of popular on four days far apart."""
    days = (SUNDAY + timedelta(days=400 * step) for step in range(4))
    return [row for day in days for row in rows("/movie/popular", 25, day)]


def percent(found: list[Row], total: list[Row]) -> float:
    return 100 * len(found) / len(total)


def test_a_repeated_question_gets_an_equal_reply_and_another_page_another_tag() -> None:
    first = answer("/movie/popular", KOREAN | {"page": "1"}, on=SUNDAY)
    assert answer("/movie/popular", KOREAN | {"page": "1"}, on=SUNDAY) == first
    second = answer("/movie/popular", KOREAN | {"page": "2"}, on=SUNDAY)
    assert second.headers["ETag"] != first.headers["ETag"]


def test_every_reply_says_that_its_data_is_made_up() -> None:
    for path in (*LISTS, "/nowhere"):
        headers = answer(path, {}, on=SUNDAY).headers
        assert headers["X-Catalogue"] == "demo"
        assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert answer("/movie/popular", {}, on=SUNDAY).headers["ETag"].startswith('W/"')
    assert "public, max-age=" in answer("/movie/popular", {}, on=SUNDAY).headers["Cache-Control"]


def test_the_catalogue_is_large_and_its_ids_are_beyond_tmdbs() -> None:
    films = catalogue()
    assert 5_500 < len(films) < 6_500
    assert len({film.id for film in films}) == len(films)
    assert all(film.id >= FIRST_ID for film in films)
    assert len({film.title("en") for film in films}) > 0.97 * len(films)


@pytest.mark.parametrize("page", ["0", "501", "-1", "x", "", "1.5", "١", "9" * 30])
@pytest.mark.parametrize("path", LISTS)
def test_a_page_outside_1_to_500_is_refused(path: str, page: str) -> None:
    reply = answer(path, {"page": page}, on=SUNDAY)
    assert (reply.status, json.loads(reply.body)) == (
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
def test_an_unknown_path_or_film_is_not_found(path: str) -> None:
    assert answer(path, {}, on=SUNDAY) == Reply(
        404,
        {"Content-Type": "application/json;charset=utf-8", "X-Catalogue": "demo"},
        b'{"success":false,"status_code":34,'
        b'"status_message":"The resource you requested could not be found."}',
    )


@pytest.mark.parametrize("path", LISTS)
def test_a_list_has_twenty_rows_and_counts_itself(path: str) -> None:
    document = asked(path, page=3)
    assert list(document) == ["page", "results", "total_pages", "total_results"]
    assert document["page"] == 3
    assert len(document["results"]) == 20
    assert document["total_pages"] == -(-document["total_results"] // 20)


def test_popular_claims_far_more_than_there_is_and_ends_in_empty_pages() -> None:
    document = asked("/movie/popular", page=500)
    assert document["results"] == []
    assert document["total_pages"] > 10_000


def test_totals_differ_between_pages_of_the_same_second() -> None:
    totals = {asked("/movie/top_rated", page=page)["total_results"] for page in range(1, 21)}
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
    trending = asked("/trending/movie/week")["results"][0]
    assert trending["media_type"] == "movie"
    assert len({tuple(asked(path)["results"][0]) for path in LISTS}) == 3


def test_hazards_come_in_tmdbs_proportions(popular_rows: list[Row]) -> None:
    def share_of(**hazard: Any) -> float:
        ((name, holds),) = hazard.items()
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


def test_unreleased_films_stand_in_popular_without_votes(popular_rows: list[Row]) -> None:
    upcoming = [row for row in rows("/movie/popular", 25) if row["vote_count"] == 0]
    assert any(row["release_date"] > SUNDAY.isoformat() for row in upcoming)
    assert all(row["vote_average"] == 0 for row in upcoming)
    latest = max(row.get("release_date", "") for row in rows("/movie/popular", 90))
    assert latest <= (SUNDAY + timedelta(days=183)).isoformat()


def test_the_language_decides_the_text_but_not_the_order() -> None:
    korean, english = (
        asked("/discover/movie", language=language)["results"] for language in ("ko-KR", "en-US")
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


def test_votes_only_grow_and_popularity_changes_its_scale() -> None:
    film = asked("/movie/top_rated")["results"][0]["id"]
    years = [asked(f"/movie/{film}", date(year, 1, 7)) for year in range(2024, 2029)]
    votes = [year["vote_count"] for year in years]
    assert votes == sorted(votes)
    tops = [asked("/movie/popular", SUNDAY + timedelta(days=90 * step)) for step in range(4)]
    peaks = [max(row["popularity"] for row in top["results"]) for top in tops]
    assert max(peaks) > 1.3 * min(peaks)


@pytest.mark.parametrize("year", [2020, 2031])
def test_a_week_collects_1600_to_2000_films_out_of_2800_rows(year: int) -> None:
    lists = list(week(date(year, 1, 7)))
    assert sum(len(found) for _, found in lists) == 2_800
    assert 1_600 <= len({row["id"] for _, found in lists for row in found}) <= 2_000


def test_top_rated_stands_above_the_bar_for_twenty_pages() -> None:
    found = rows("/movie/top_rated", 20)
    assert 8.5 < found[0]["vote_average"] < 9
    assert 7.75 < found[-1]["vote_average"] < 8.05
    assert all(row["vote_average"] >= 7.5 and row["vote_count"] > 190 for row in found)
    assert not any(99 in row["genre_ids"] for row in found)


def test_a_film_turns_up_twice_where_pages_meet() -> None:
    twice, borders = 0, 0
    for step in range(4):
        on = SUNDAY + timedelta(days=90 * step)
        pages = [asked("/movie/popular", on, page=page)["results"] for page in range(1, 41)]
        for page, following in pairwise(pages):
            borders += 1
            repeated = {row["id"] for row in page} & {row["id"] for row in following}
            assert repeated in (set(), {page[-1]["id"]})
            twice += following[0]["id"] == page[-1]["id"]
    assert 0.02 < twice / borders < 0.12


def test_one_film_can_show_two_figures_in_two_lists() -> None:
    popular = {row["id"]: row["popularity"] for row in rows("/movie/popular", 20)}
    discovered = {row["id"]: row["popularity"] for row in rows("/discover/movie", 20)}
    both = popular.keys() & discovered.keys()
    different = [film for film in both if popular[film] != discovered[film]]
    assert 0.1 < len(different) / len(both) < 0.6


def test_genres_are_joined_by_comma_for_and_by_pipe_for_or() -> None:
    for row in rows("/discover/movie", 3, with_genres="28,12"):
        assert {28, 12} <= set(row["genre_ids"])
    either = rows("/discover/movie", 3, with_genres="28|12")
    assert all({28, 12} & set(row["genre_ids"]) for row in either)
    assert not all({28, 12} <= set(row["genre_ids"]) for row in either)


def test_each_genre_holds_far_more_than_300_films() -> None:
    counts = Counter(genre for film in catalogue()[:4_000] for genre in film.genre_ids)
    assert all(counts[genre] > 450 for genre in GENRES)


@pytest.mark.parametrize("field", ["vote_average", "vote_count"])
def test_discover_sorts_by_votes_but_for_what_a_cache_held_back(field: str) -> None:
    values = [row[field] for row in rows("/discover/movie", 3, sort_by=f"{field}.desc")]
    assert all(earlier >= 0.99 * later for earlier, later in pairwise(values))
    assert values[0] > values[-1]


def test_discover_sorts_by_release_date() -> None:
    films = rows("/discover/movie", 3, sort_by="primary_release_date.desc", with_genres=18)
    days = [row["release_date"] for row in films]
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
    document = asked("/discover/movie", **wanted)
    assert document["results"]
    for row in document["results"]:
        assert row["vote_count"] >= 295
        assert row["vote_average"] >= 7
        assert row["original_language"] == "ko"
        assert "2000-01-01" <= row["release_date"] <= "2015-12-31"


def test_an_unknown_parameter_changes_nothing() -> None:
    assert asked("/discover/movie", with_geners=28) == asked("/discover/movie")


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
def test_a_wrong_value_looks_like_an_empty_success(name: str, value: Any) -> None:
    assert asked("/discover/movie", **{name: value}) == {
        "page": 1,
        "results": [],
        "total_pages": 1,
        "total_results": 0,
    }


def test_genres_are_named_in_the_language_asked_for() -> None:
    korean = asked("/genre/movie/list")["genres"]
    assert len(korean) == 19
    assert korean[0] == {"id": 28, "name": "액션"}
    assert asked("/genre/movie/list", language="en")["genres"][0] == {"id": 28, "name": "Action"}


def test_a_film_of_a_list_can_be_looked_up() -> None:
    row = asked("/trending/movie/day")["results"][0]
    film = asked(f"/movie/{row['id']}")
    assert film["title"] == row["title"]
    assert [genre["id"] for genre in film["genres"]] == row["genre_ids"]


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
def test_korean_words_take_the_right_particle(word: str, particles: str, joined: str) -> None:
    assert format(Korean(word), particles) == joined
