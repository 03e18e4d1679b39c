"""What is collected: the shipped configuration, and what a spoilt one tells its author."""

from __future__ import annotations

import datetime
import tomllib
from typing import Any

import pytest
from support.repository import REPOSITORY

from pipeline.catalog import (
    DEFAULTS,
    LISTS,
    FilmList,
    Genre,
    Plan,
    iso_week,
    of_genre,
    plan_from,
    popular,
    top_rated,
    trending,
)
from pipeline.errors import SettingsError

SUNDAY = datetime.date(2024, 1, 7)
GONE = object()
"""Stands for a key that is taken away."""

Place = tuple[str | int, ...]


def shipped() -> dict[str, Any]:
    return tomllib.loads((REPOSITORY / "config/collection.toml").read_text(encoding="utf-8"))


def spoilt(place: Place, value: object) -> dict[str, Any]:
    """The shipped tables with one spot changed."""
    tables = shipped()
    table: Any = tables
    for step in place[:-1]:
        table = table[step]
    if value is GONE:
        del table[place[-1]]
    else:
        table[place[-1]] = value
    return tables


def test_the_shipped_plan_is_the_contract() -> None:
    assert plan_from(shipped()) == Plan(
        genres=(
            Genre(28, "action", "액션"),
            Genre(35, "comedy", "코미디"),
            Genre(18, "drama", "드라마"),
            Genre(27, "horror", "공포"),
            Genre(10749, "romance", "로맨스"),
            Genre(878, "science_fiction", "SF"),
            Genre(53, "thriller", "스릴러"),
            Genre(16, "animation", "애니메이션"),
        ),
        pages={"popular": 5, "trending": 1, "genre": 15, "top_rated": 20},
        min_rating=7.5,
        max_days_late=None,
    )


def test_another_genre_is_one_more_line() -> None:
    tables = shipped()
    tables["genres"]["list"].append({"id": 37, "slug": "western", "name": "서부"})
    plan = plan_from(tables)
    assert [genre.slug for genre in plan.genres][-2:] == ["animation", "western"]
    assert of_genre(plan, "western", SUNDAY).genre_id == 37


@pytest.mark.parametrize(("written", "meant"), [(-1, None), (0, 0), (7, 7), (36_500, 36_500)])
def test_how_late_is_too_late_is_configured(written: int, meant: int | None) -> None:
    assert plan_from(spoilt(("max_days_late",), written)).max_days_late == meant


@pytest.mark.parametrize("rating", [0, 8, 7.5, 10])
def test_a_rating_may_be_whole_or_broken(rating: float) -> None:
    assert plan_from(spoilt(("top_rated", "min_rating"), rating)).min_rating == rating


def test_a_genre_may_have_any_number_from_one_on() -> None:
    assert plan_from(spoilt((*FIRST_GENRE, "id"), 1)).genres[0].id == 1


@pytest.mark.parametrize("pages", [1, 500])
def test_all_that_tmdb_serves_can_be_asked_for(pages: int) -> None:
    assert plan_from(spoilt(("pages", "genre"), pages)).pages["genre"] == pages


NO_LISTS: tuple[Any, ...] = ([], {}, "action", 5)
NO_TABLES: tuple[Any, ...] = ("action", 28, [], {}, None)
NO_COUNTS = (0, -1, 501, "5", True, 5.0, None, [5])
FIRST_GENRE: Place = ("genres", "list", 0)
NO_GENRE = "genre number 1 needs exactly id, slug and name."
NO_SLUG = (
    "genre number 1 needs a slug of 1 to 40 of a-z, 0-9 and _, other than popular, trending, "
    "genre, top_rated."
)
SPOILT: list[tuple[Place, object, str]] = [
    (("surprise",), 1, "the top level has an unknown key 'surprise'"),
    *((("max_days_late",), value, "max_days_late") for value in (-2, 36_501, "1", True, 1.0)),
    *(((name,), [], f"[{name}] has to be a table.") for name in ("pages", "top_rated", "genres")),
    *(
        ((name, "surprise"), 1, f"[{name}] has an unknown key 'surprise'")
        for name in ("pages", "top_rated", "genres")
    ),
    *(
        (("pages", name), value, f"pages.{name} needs a whole number from 1 to 500.")
        for name in LISTS
        for value in NO_COUNTS
    ),
    *(
        (("top_rated", "min_rating"), value, "top_rated.min_rating needs a number from 0 to 10.")
        for value in ("7.5", True, None, -0.1, 10.1, float("nan"), float("inf"), [7.5])
    ),
    *((("genres", "list"), value, "genres.list needs at least one genre.") for value in NO_LISTS),
    *((FIRST_GENRE, value, NO_GENRE) for value in NO_TABLES),
    *(((*FIRST_GENRE, key), GONE, NO_GENRE) for key in ("id", "slug", "name")),
    ((*FIRST_GENRE, "surprise"), 1, NO_GENRE),
    *(
        ((*FIRST_GENRE, "id"), value, "genre number 1 needs a whole number as its id")
        for value in (0, -28, "28", True, 28.0, None)
    ),
    *(
        ((*FIRST_GENRE, "slug"), value, NO_SLUG)
        for value in ("", "Action", "sci-fi", "a b", "a\n", "../x", "액션", "x" * 41, 5, *LISTS)
    ),
    *(
        ((*FIRST_GENRE, "name"), value, "genre number 1 needs a name")
        for value in ("", "  ", 5, None)
    ),
    (("genres", "list", 7, "id"), "16", "genre number 8 needs a whole number as its id"),
    (("genres", "list", 3, "id"), 28, "genres.list names the same id twice"),
    (("genres", "list", 3, "slug"), "action", "genres.list names the same slug twice"),
]


@pytest.mark.parametrize(("place", "value", "spot"), SPOILT)
def test_a_spoilt_configuration_names_the_spot(place: Place, value: object, spot: str) -> None:
    with pytest.raises(SettingsError) as caught:
        plan_from(spoilt(place, value))
    sentence = str(caught.value)
    assert spot in sentence
    assert sentence.endswith(".")


def test_a_wrong_number_of_pages_is_not_taken_for_the_table_of_the_same_name() -> None:
    with pytest.raises(SettingsError, match="pages"):
        plan_from(spoilt(("pages", "top_rated"), 0))


def test_the_packaged_defaults_are_those_of_the_file() -> None:
    assert shipped() == DEFAULTS


@pytest.mark.parametrize(
    "place",
    [
        *((name,) for name in DEFAULTS),
        *((name, key) for name in ("pages", "top_rated", "genres") for key in DEFAULTS[name]),
    ],
)
def test_a_key_that_is_missing_has_the_packaged_default(place: Place) -> None:
    assert plan_from(spoilt(place, GONE)) == plan_from(shipped())


def test_a_missing_key_leaves_the_others_as_they_are() -> None:
    plan = plan_from({"pages": {"genre": 2}})
    assert plan.pages == {**DEFAULTS["pages"], "genre": 2}
    assert plan_from({}) == plan_from(shipped())


def test_an_unknown_genre_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError) as caught:
        of_genre(plan_from(shipped()), "western", SUNDAY)
    assert str(caught.value) == (
        "There is no genre 'western' in config/collection.toml; known: action, comedy, drama, "
        "horror, romance, science_fiction, thriller, animation."
    )


def test_the_daily_lists_are_asked_for_as_tmdb_names_them() -> None:
    plan = plan_from(shipped())
    assert popular(plan) == FilmList(
        name="popular", collection_type="daily_popular", endpoint="/movie/popular", pages=5
    )
    assert trending(plan) == FilmList(
        name="trending",
        collection_type="daily_trending",
        endpoint="/trending/movie/day",
        pages=1,
        by_region=False,
        facts=(("time_window", "day"),),
    )


def test_a_genre_is_discovered_by_its_id_most_popular_first() -> None:
    assert of_genre(plan_from(shipped()), "science_fiction", SUNDAY) == FilmList(
        name="science_fiction",
        collection_type="weekly_genre",
        endpoint="/discover/movie",
        pages=15,
        parameters=(("with_genres", "878"), ("sort_by", "popularity.desc")),
        genre_id=878,
        facts=(("genre_id", 878), ("genre_name", "SF"), ("week_number", 1)),
    )


def test_top_rated_keeps_to_the_plans_rating() -> None:
    assert top_rated(plan_from(shipped()), SUNDAY) == FilmList(
        name="top_rated",
        collection_type="weekly_top_rated",
        endpoint="/movie/top_rated",
        pages=20,
        min_rating=7.5,
        facts=(("week_number", 1), ("min_rating", 7.5)),
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
