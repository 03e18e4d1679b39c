"""What is collected: which lists, how many pages of each, which genres, in which order.

The figures live in `config/collection.toml`; this module turns its tables into values and knows
what each list is called in TMDB's API. Standard library only, no I/O.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pipeline.errors import SettingsError

PAGE_LIMIT = 500
"""TMDB serves pages 1 to 500 of any list and answers 400 (code 22) outside of them."""

PAGE_SIZE = 20
"""Films on a full page of any list."""

LISTS = ("popular", "trending", "genre", "top_rated")

DEFAULTS: Mapping[str, Any] = {
    "max_days_late": -1,
    "pages": {"popular": 5, "trending": 1, "genre": 15, "top_rated": 20},
    "top_rated": {"min_rating": 7.5},
    "genres": {
        "list": [
            {"id": 28, "slug": "action", "name": "액션"},
            {"id": 35, "slug": "comedy", "name": "코미디"},
            {"id": 18, "slug": "drama", "name": "드라마"},
            {"id": 27, "slug": "horror", "name": "공포"},
            {"id": 10749, "slug": "romance", "name": "로맨스"},
            {"id": 878, "slug": "science_fiction", "name": "SF"},
            {"id": 53, "slug": "thriller", "name": "스릴러"},
            {"id": 16, "slug": "animation", "name": "애니메이션"},
        ]
    },
}
"""The packaged content of `config/collection.toml`, for keys that the user's file lacks."""

_SLUG = re.compile(r"[a-z0-9_]{1,40}")


class Genre(NamedTuple):
    """A genre of TMDB: its id, the word in our file names, and its name for people."""

    id: int
    slug: str
    name: str


class Plan(NamedTuple):
    """The content of `config/collection.toml`.

    `pages` maps each name of `LISTS` to a number of pages; `max_days_late` is None where any past
    date is accepted.
    """

    genres: tuple[Genre, ...]
    pages: Mapping[str, int]
    min_rating: float
    max_days_late: int | None

    def genre(self, slug: str) -> Genre:
        """Return the genre of that slug, or raise SettingsError naming the known ones."""
        for genre in self.genres:
            if genre.slug == slug:
                return genre
        known = ", ".join(genre.slug for genre in self.genres)
        raise SettingsError(
            f"There is no genre {slug!r} in config/collection.toml; known: {known}."
        )


class FilmList(NamedTuple):
    """One list of TMDB and what its document says of it.

    `facts` are the keys of `collection_info` that only this list has, in their order.
    """

    name: str
    collection_type: str
    endpoint: str
    pages: int
    parameters: tuple[tuple[str, str], ...] = ()
    by_region: bool = True
    genre_id: int | None = None
    min_rating: float | None = None
    facts: tuple[tuple[str, Any], ...] = ()


def iso_week(date: datetime.date) -> int:
    """ISO 8601 week number: 2024-12-30 lies in week 1, 2021-01-03 in week 53."""
    return date.isocalendar().week


def popular(plan: Plan) -> FilmList:
    """What is popular now."""
    return FilmList("popular", "daily_popular", "/movie/popular", plan.pages["popular"])


def trending(plan: Plan) -> FilmList:
    """What trends today. The endpoint knows no region."""
    return FilmList(
        "trending",
        "daily_trending",
        "/trending/movie/day",
        plan.pages["trending"],
        by_region=False,
        facts=(("time_window", "day"),),
    )


def of_genre(plan: Plan, slug: str, date: datetime.date) -> FilmList:
    """The most popular films of one genre. Raises SettingsError for a genre not in the plan."""
    genre = plan.genre(slug)
    return FilmList(
        slug,
        "weekly_genre",
        "/discover/movie",
        plan.pages["genre"],
        parameters=(("with_genres", str(genre.id)), ("sort_by", "popularity.desc")),
        genre_id=genre.id,
        facts=(
            ("genre_id", genre.id),
            ("genre_name", genre.name),
            ("week_number", iso_week(date)),
        ),
    )


def top_rated(plan: Plan, date: datetime.date) -> FilmList:
    """The best rated films, those below the plan's rating left out."""
    return FilmList(
        "top_rated",
        "weekly_top_rated",
        "/movie/top_rated",
        plan.pages["top_rated"],
        min_rating=plan.min_rating,
        facts=(("week_number", iso_week(date)), ("min_rating", plan.min_rating)),
    )


def plan_from(tables: Mapping[str, Any]) -> Plan:
    """Turn the tables of `config/collection.toml` into a plan.

    A key that is missing has the packaged default.

    Raises:
        SettingsError: a key is unknown or has an unusable value; the sentence names it.
    """
    _only_keys(tables, set(DEFAULTS), "the top level")
    late = _whole_number({**DEFAULTS, **tables}, "max_days_late", low=-1, high=36_500)
    return Plan(
        genres=_genres(_table(tables, "genres")["list"]),
        pages=_pages(_table(tables, "pages")),
        min_rating=_rating(_table(tables, "top_rated")["min_rating"]),
        max_days_late=None if late < 0 else late,
    )


def _genres(entries: Any) -> tuple[Genre, ...]:
    if not isinstance(entries, list) or not entries:
        raise _unusable("genres.list", "needs at least one genre")
    genres = tuple(_genre(entry, place) for place, entry in enumerate(entries, start=1))
    for field in ("id", "slug"):
        values = [getattr(genre, field) for genre in genres]
        if len(set(values)) < len(values):
            raise _unusable("genres.list", f"names the same {field} twice")
    return genres


def _genre(entry: Any, place: int) -> Genre:
    if not isinstance(entry, dict) or set(entry) != {"id", "slug", "name"}:
        raise _unusable(f"genre number {place}", "needs exactly id, slug and name")
    genre_id, slug, name = entry["id"], entry["slug"], entry["name"]
    if type(genre_id) is not int or genre_id < 1:
        raise _unusable(f"genre number {place}", "needs a whole number as its id")
    if not isinstance(slug, str) or not _SLUG.fullmatch(slug) or slug in LISTS:
        raise _unusable(
            f"genre number {place}",
            f"needs a slug of 1 to 40 of a-z, 0-9 and _, other than {', '.join(LISTS)}",
        )
    if not isinstance(name, str) or not name.strip():
        raise _unusable(f"genre number {place}", "needs a name")
    return Genre(genre_id, slug, name)


def _pages(table: Mapping[str, Any]) -> dict[str, int]:
    return {
        name: _whole_number(table, name, low=1, high=PAGE_LIMIT, where="pages.") for name in LISTS
    }


def _rating(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 10:
        raise _unusable("top_rated.min_rating", "needs a number from 0 to 10")
    return float(value)


def _table(tables: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return a table with the defaults of the keys that it lacks."""
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise _unusable(f"[{name}]", "has to be a table")
    _only_keys(table, set(DEFAULTS[name]), f"[{name}]")
    return {**DEFAULTS[name], **table}


def _only_keys(table: Mapping[str, Any], known: set[str], where: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise _unusable(where, f"has an unknown key {unknown[0]!r}")


def _whole_number(
    table: Mapping[str, Any], key: str, *, low: int, high: int, where: str = ""
) -> int:
    value = table.get(key)
    if type(value) is not int or not low <= value <= high:
        raise _unusable(where + key, f"needs a whole number from {low} to {high}")
    return value


def _unusable(what: str, why: str) -> SettingsError:
    return SettingsError(f"{what} {why}.")
