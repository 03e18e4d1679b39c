"""What is collected: the shipped configuration, and what a wrong one tells its author."""

from __future__ import annotations

import datetime
import tomllib
from typing import Any

import pytest
from support.repository import REPOSITORY

from pipeline.catalog import BY_GENRE, BY_RATING, Genre, MovieList, iso_week, plan_from
from pipeline.errors import SettingsError

SUNDAY = datetime.date(2024, 1, 7)
GONE = object()
"""Stands for a key that is taken away."""

Place = tuple[str | int, ...]

SHIPPED = tomllib.loads((REPOSITORY / "config/collection.toml").read_text(encoding="utf-8"))
NOW_PLAYING = {"endpoint": "/movie/now_playing", "cadence": "daily", "pages": 3}


def changed(place: Place, value: object) -> dict[str, Any]:
    """The shipped tables, with a list of one's own, and one spot changed."""
    text = (REPOSITORY / "config/collection.toml").read_text(encoding="utf-8")
    tables = {**tomllib.loads(text), "lists": {"now_playing": dict(NOW_PLAYING)}}
    table: Any = tables
    for step in place[:-1]:
        table = table[step]
    if value is GONE:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    return tables


def genre_list(genre_id: int, slug: str, name: str) -> MovieList:
    return MovieList(
        name=slug,
        endpoint="/discover/movie",
        cadence="weekly",
        pages=15,
        title=name,
        parameters={"with_genres": str(genre_id), "sort_by": "popularity.desc"},
        sorted_by="popularity",
        category=BY_GENRE,
        genre=Genre(genre_id, slug, name),
        folder="genre",
    )


def test_the_shipped_lists_are_the_contract() -> None:
    plan = plan_from(SHIPPED)
    assert plan.lists == (
        MovieList(name="popular", endpoint="/movie/popular", cadence="daily", pages=5),
        MovieList(
            name="trending",
            endpoint="/trending/movie/day",
            cadence="daily",
            pages=1,
            by_region=False,
            time_window="day",
            folder="trending",
        ),
        genre_list(28, "action", "액션"),
        genre_list(35, "comedy", "코미디"),
        genre_list(18, "drama", "드라마"),
        genre_list(27, "horror", "공포"),
        genre_list(10749, "romance", "로맨스"),
        genre_list(878, "science_fiction", "SF"),
        genre_list(53, "thriller", "스릴러"),
        genre_list(16, "animation", "애니메이션"),
        MovieList(
            name="top_rated",
            endpoint="/movie/top_rated",
            cadence="weekly",
            pages=20,
            min_rating=7.5,
            sorted_by="vote_average",
            category=BY_RATING,
        ),
    )
    assert plan.max_days_late is None


@pytest.mark.parametrize(
    "tables", [{}, *({key: value} for key, value in SHIPPED.items())], ids=lambda each: str([*each])
)
def test_a_key_that_is_missing_has_the_packaged_default(tables: dict[str, Any]) -> None:
    assert plan_from(tables) == plan_from(SHIPPED)


def test_another_genre_is_one_more_line() -> None:
    genres = [*SHIPPED["genres"]["list"], {"id": 37, "slug": "western", "name": "서부"}]
    plan = plan_from({"genres": {"list": genres}})
    assert [each.name for each in plan.select("weekly")][-3:] == [
        "animation", "western", "top_rated",
    ]  # fmt: skip
    assert plan.movie_list("western").genre_id == 37


def test_another_list_is_one_more_entry() -> None:
    plan = plan_from({"lists": {"now_playing": NOW_PLAYING}})
    added = plan.movie_list("now_playing")
    assert [each.name for each in plan.select("daily")] == ["popular", "trending", "now_playing"]
    assert added.collection_type == "daily_now_playing"
    assert added.file_name(SUNDAY) == "daily/now_playing_movies_20240107.json"


def test_an_entry_says_all_that_the_packaged_lists_say() -> None:
    entry = {
        "endpoint": "/discover/movie",
        "cadence": "weekly",
        "pages": 2,
        "title": "Korean movies",
        "parameters": {"with_original_language": "ko", "vote_count.gte": "100"},
        "region": False,
        "min_rating": 6,
        "sorted_by": "vote_count",
        "category": "국가별",
    }
    added = plan_from({"lists": {"korean": entry}}).movie_list("korean")
    assert added.file_name(SUNDAY) == "weekly/korean_20240107.json"
    assert (added.by_region, added.min_rating, added.category) == (False, 6.0, "국가별")


@pytest.mark.parametrize(("written", "meant"), [(-1, None), (0, 0), (7, 7), (36_500, 36_500)])
def test_how_late_is_too_late_is_configured(written: int, meant: int | None) -> None:
    assert plan_from({"max_days_late": written}).max_days_late == meant


@pytest.mark.parametrize("rating", [0, 8, 7.5, 10])
def test_a_rating_may_be_whole_or_broken(rating: float) -> None:
    plan = plan_from({"top_rated": {"min_rating": rating}})
    assert plan.movie_list("top_rated").min_rating == rating


@pytest.mark.parametrize("pages", [1, 500])
def test_all_that_tmdb_serves_can_be_requested(pages: int) -> None:
    assert plan_from({"pages": {"genre": pages}}).movie_list("horror").pages == pages


GENRE: Place = ("genres", "list", 0)
LIST: Place = ("lists", "now_playing")
NAMES = ("popular", "trending", "genre", "top_rated", "comedy")
NO_COUNTS = (0, -1, 501, "5", True, 5.0, None, [5])
NO_RATINGS = ("7.5", True, -0.1, 10.1, float("nan"), float("inf"), [7.5])
NO_LISTS: tuple[object, ...] = ([], {}, "action", 5)
NO_TABLES: tuple[object, ...] = ("action", 28, [], {}, None)
NO_IDS: tuple[object, ...] = (0, -28, "28", True, 28.0, None)
NO_NAMES: tuple[object, ...] = ("", "  ", 5, None)
NO_WORDS = ("", "Action", "sci-fi", "a b", "a\n", "../x", "액션", "x" * 41, 5)
WRONG: list[tuple[Place, object, str]] = [
    (("surprise",), 1, "The top level has an unknown key `surprise`"),
    *((("max_days_late",), value, "max_days_late") for value in (-2, 36_501, "1", True, 1.0)),
    *(((name,), [], f"{name} is unusable") for name in ("pages", "top_rated", "genres", "lists")),
    *(
        ((name, "surprise"), 1, f"{name} has an unknown key `surprise`")
        for name in ("pages", "top_rated", "genres")
    ),
    *((("pages", name), value, f"pages.{name}") for name in NAMES[:4] for value in NO_COUNTS),
    *((("top_rated", "min_rating"), value, "top_rated.min_rating") for value in NO_RATINGS),
    *((("genres", "list"), value, "genres.list") for value in NO_LISTS),
    *((GENRE, value, "genres.list[0]") for value in NO_TABLES),
    *(((*GENRE, key), GONE, f"genres.list[0] lacks the key `{key}`") for key in ("id", "slug")),
    ((*GENRE, "surprise"), 1, "genres.list[0] has an unknown key `surprise`"),
    *(((*GENRE, "id"), value, "genres.list[0].id") for value in NO_IDS),
    *(((*GENRE, "slug"), value, "genres.list[0].slug") for value in NO_WORDS),
    *(((*GENRE, "slug"), name, name) for name in (*NAMES, "now_playing")),
    *(((*GENRE, "name"), value, "genres.list[0].name") for value in NO_NAMES),
    (("genres", "list", 3, "id"), 28, "28"),
    *(((*LIST, key), GONE, f"lists.now_playing lacks the key `{key}`") for key in NOW_PLAYING),
    ((*LIST, "surprise"), 1, "lists.now_playing has an unknown key `surprise`"),
    *(((*LIST, "pages"), value, "lists.now_playing.pages") for value in NO_COUNTS),
    *(((*LIST, "min_rating"), rating, "lists.now_playing.min_rating") for rating in NO_RATINGS),
    *(
        ((*LIST, "endpoint"), value, "lists.now_playing.endpoint")
        for value in ("movie/x", "https://example.com/", "/../x", "/x?api_key=1", "", 5)
    ),
    *(((*LIST, "cadence"), value, "daily or weekly") for value in ("hourly", "")),
    *(((*LIST, "parameters"), {name: "1"}, name) for name in ("page", "language", "api_key")),
    *((("lists", name), NOW_PLAYING, name) for name in (*NAMES, "Popular", "../x")),
]


@pytest.mark.parametrize(("place", "value", "spot"), WRONG)
def test_a_wrong_configuration_names_the_key(place: Place, value: object, spot: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plan_from(changed(place, value))
    assert spot in str(caught.value)
    assert str(caught.value).endswith(".")


def test_an_unknown_genre_or_list_is_refused_with_the_known_ones() -> None:
    genres = "action, comedy, drama, horror, romance, science_fiction, thriller, animation"
    with pytest.raises(SettingsError) as no_genre:
        plan_from({}).movie_list("popular", "genre")
    with pytest.raises(SettingsError) as no_list:
        plan_from({}).movie_list("western")
    assert str(no_genre.value) == (
        f"There is no genre 'popular' in config/collection.toml; known: {genres}."
    )
    assert str(no_list.value) == (
        "There is no list 'western' in config/collection.toml; known: popular, trending, "
        f"{genres}, top_rated."
    )


@pytest.mark.parametrize(
    ("day", "week"),
    [
        ("2024-01-07", 1),
        ("2024-01-08", 2),
        ("2024-12-29", 52),
        ("2024-12-30", 1),
        ("2021-01-03", 53),
        ("2021-01-04", 1),
        ("2026-12-31", 53),
        ("2023-01-01", 52),
    ],
)
def test_weeks_are_those_of_iso_8601_at_the_turn_of_a_year(day: str, week: int) -> None:
    assert iso_week(datetime.date.fromisoformat(day)) == week
