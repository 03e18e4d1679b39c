"""What is collected: one entry per list of TMDB, from `config/collection.toml`.

A missing key has its packaged default, which is here; an unknown key is refused by name.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from msgspec import Meta, Struct, field

from pipeline.errors import SettingsError
from pipeline.typed_tables import choice, convert

PAGE_LIMIT = 500
"""TMDB serves pages 1 to 500 of any list and answers 400 (code 22) outside of them."""

PAGE_SIZE = 20
"""Movies on a full page of any list."""

LISTS = ("popular", "trending", "genre", "top_rated")
"""The packaged lists, as the keys of `[pages]` name them; `genre` stands for all genres."""

BY_GENRE, BY_RATING, OTHER = "장르별", "평점별", "기타"
"""The categories by which the week's movies are counted."""

Pages = Annotated[int, Meta(ge=1, le=PAGE_LIMIT)]
Rating = Annotated[float, Meta(ge=0, le=10)]
Text = Annotated[str, Meta(pattern=r"\S")]
Parameter = Annotated[str, Meta(pattern=r"\A(?!(page|language|region|api_key)\Z)[a-z_.]+\Z")]
Word = Annotated[str, Meta(pattern=r"\A[a-z0-9_]{1,40}\Z")]


class Genre(Struct, frozen=True, forbid_unknown_fields=True):
    """A genre of TMDB: its id, the word in our file names, and its name for people."""

    id: Annotated[int, Meta(ge=1)]
    slug: Word
    name: Text


class MovieList(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one list is, as a table of `[lists]` states it; its name is that of the table.

    Attributes:
        title: its name on the pages, if no translation has one.
        by_region: whether the endpoint knows a region; the key is `region`.
        min_rating: the average below which movies are left out.
        sorted_by: the field by which TMDB promises to sort, the highest first.
        category: the category of the week that counts the movies that it had first.
        folder: the folder of its files, if it is not that of its cadence.
    """

    name: Word
    endpoint: Annotated[str, Meta(pattern=r"\A(/[a-z0-9_]+)+\Z")]
    cadence: Annotated[str, choice("daily", "weekly")]
    pages: Pages
    title: Text | None = None
    parameters: dict[Parameter, str] = {}
    by_region: bool = field(default=True, name="region")
    min_rating: Rating | None = None
    sorted_by: Annotated[str, choice("popularity", "vote_average", "vote_count")] | None = None
    category: Text = OTHER
    genre: Genre | None = None
    time_window: Word | None = None
    folder: Word | None = None

    @property
    def collection_type(self) -> str:
        """The type that its documents state."""
        return f"{self.cadence}_{'genre' if self.genre else self.name}"

    @property
    def genre_id(self) -> int | None:
        """TMDB's id of the genre, of a list of one."""
        return self.genre.id if self.genre else None

    def file_name(self, date: datetime.date) -> str:
        """Return the file of its document, below the folder of all lists."""
        name = f"{self.name}_movies" if self.cadence == "daily" else self.name
        return f"{self.folder or self.cadence}/{name}_{date:%Y%m%d}.json"


class _Pages(Struct, frozen=True, forbid_unknown_fields=True):
    popular: Pages = 5
    trending: Pages = 1
    genre: Pages = 15
    top_rated: Pages = 20


class _TopRated(Struct, frozen=True, forbid_unknown_fields=True):
    min_rating: Rating = 7.5


class _Genres(Struct, frozen=True, forbid_unknown_fields=True):
    list: Annotated[tuple[Genre, ...], Meta(min_length=1)] = (
        Genre(28, "action", "액션"),
        Genre(35, "comedy", "코미디"),
        Genre(18, "drama", "드라마"),
        Genre(27, "horror", "공포"),
        Genre(10749, "romance", "로맨스"),
        Genre(878, "science_fiction", "SF"),
        Genre(53, "thriller", "스릴러"),
        Genre(16, "animation", "애니메이션"),
    )


class _File(Struct, frozen=True, forbid_unknown_fields=True):
    max_days_late: Annotated[int, Meta(ge=-1, le=36_500)] = -1
    pages: _Pages = _Pages()
    top_rated: _TopRated = _TopRated()
    genres: _Genres = _Genres()
    lists: dict[str, dict[str, Any]] = {}


class Plan(Struct, frozen=True):
    """The lists in the order of merging; `max_days_late` is None if any past date is accepted."""

    lists: tuple[MovieList, ...]
    max_days_late: int | None

    def select(self, cadence: str) -> tuple[MovieList, ...]:
        """Return the lists of a cadence."""
        return tuple(each for each in self.lists if each.cadence == cadence)

    @property
    def genres(self) -> tuple[Genre, ...]:
        """The genres in their order."""
        return tuple(each.genre for each in self.lists if each.genre)

    def movie_list(self, name: str, noun: str = "list") -> MovieList:
        """Return the list, with the noun "genre" only one of a genre, or raise SettingsError."""
        known = {each.name: each for each in self.lists if each.genre or noun != "genre"}
        if name not in known:
            raise SettingsError(
                f"There is no {noun} {name!r} in config/collection.toml; known: {', '.join(known)}."
            )
        return known[name]


def iso_week(date: datetime.date) -> int:
    """Return the ISO 8601 week: 2024-12-30 lies in week 1, 2021-01-03 in week 53."""
    return date.isocalendar().week


def plan_from(tables: Mapping[str, Any]) -> Plan:
    """Turn the tables of `config/collection.toml` into a plan, or raise SettingsError."""
    file = convert(tables, _File)
    lists = tuple(_lists(file))
    names = Counter(["genre", *(each.name for each in lists)])
    ids = Counter(f"id {each.genre_id}" for each in lists if each.genre)
    for key, count in (names + ids).items():
        if count > 1:
            raise SettingsError(f"{key} is that of two lists: give one of them another.")
    late = file.max_days_late
    return Plan(lists=lists, max_days_late=None if late < 0 else late)


def _lists(file: _File) -> Iterator[MovieList]:
    """Yield the packaged lists, then those of `[lists]`."""
    yield MovieList(
        name="popular", endpoint="/movie/popular", cadence="daily", pages=file.pages.popular
    )
    yield MovieList(
        name="trending",
        endpoint="/trending/movie/day",
        cadence="daily",
        pages=file.pages.trending,
        by_region=False,
        folder="trending",
        time_window="day",
    )
    for genre in file.genres.list:
        yield MovieList(
            name=genre.slug,
            endpoint="/discover/movie",
            cadence="weekly",
            pages=file.pages.genre,
            title=genre.name,
            parameters={"with_genres": str(genre.id), "sort_by": "popularity.desc"},
            sorted_by="popularity",
            category=BY_GENRE,
            folder="genre",
            genre=genre,
        )
    yield MovieList(
        name="top_rated",
        endpoint="/movie/top_rated",
        cadence="weekly",
        pages=file.pages.top_rated,
        min_rating=file.top_rated.min_rating,
        sorted_by="vote_average",
        category=BY_RATING,
    )
    for name, table in file.lists.items():
        yield convert({"name": name, **table}, MovieList, f"lists.{name}")
