"""What is collected: one entry per list of TMDB, from `config/collection.toml`.

A missing key has its packaged default, which is here; an unknown key is refused by name. The
packaged lists are in the order of merging, by the keys of `[pages]`; `genre` becomes one each.
"""

import datetime
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Annotated, Any

from msgspec import Meta, Struct, defstruct, field
from msgspec.structs import replace

from pipeline.errors import SettingsError, suggest
from pipeline.genres import GENRE_NAMES
from pipeline.typed_tables import choice, convert

# Movies on a full page of any list.
PAGE_SIZE = 20
# The categories by which the week's movies are counted.
BY_GENRE, BY_RATING, OTHER = "장르별", "평점별", "기타"
# TMDB serves pages 1 to 500 of any list and answers 400 (code 22) outside of them.
Pages = Annotated[int, Meta(ge=1, le=500)]
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


_PACKAGED = {each.name: each for each in (
    MovieList(name="popular", endpoint="/movie/popular", cadence="daily", pages=5),
    MovieList(name="trending", endpoint="/trending/movie/day", cadence="daily", pages=1,
              by_region=False, time_window="day", folder="trending"),
    MovieList(name="genre", endpoint="/discover/movie", cadence="weekly", pages=15,
              sorted_by="popularity", category=BY_GENRE, folder="genre"),
    MovieList(name="top_rated", endpoint="/movie/top_rated", cadence="weekly", pages=20,
              min_rating=7.5, sorted_by="vote_average", category=BY_RATING),
)}  # fmt: skip
LISTS = tuple(_PACKAGED)
_GENRES = tuple(
    Genre(number, GENRE_NAMES[number][0].lower().replace(" ", "_"), GENRE_NAMES[number][1])
    for number in (28, 35, 18, 27, 10749, 878, 53, 16)
)

_table = partial(defstruct, frozen=True, forbid_unknown_fields=True)
_Pages = _table("_Pages", [(each.name, Pages, each.pages) for each in _PACKAGED.values()])
_TopRated = _table("_TopRated", [("min_rating", Rating, _PACKAGED["top_rated"].min_rating)])
_Genres = _table("_Genres", [("list", Annotated[tuple[Genre, ...], Meta(min_length=1)], _GENRES)])
_File = _table("_File", [
    ("max_days_late", Annotated[int, Meta(ge=-1, le=36_500)], -1),
    ("pages", _Pages, _Pages()), ("top_rated", _TopRated, _TopRated()),
    ("genres", _Genres, _Genres()), ("lists", dict[str, dict[str, Any]], {}),
])  # fmt: skip


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
        if name in known:
            return known[name]
        hint = suggest(name, tuple(known)) or f"; known: {', '.join(known)}."
        raise SettingsError(f"There is no {noun} {name!r} in config/collection.toml{hint}")


def iso_week(date: datetime.date) -> int:
    """Return the ISO 8601 week: 2024-12-30 lies in week 1, 2021-01-03 in week 53."""
    return date.isocalendar().week


def plan_from(tables: Mapping[str, Any]) -> Plan:
    """Turn the tables of `config/collection.toml` into a plan, or raise SettingsError."""
    file: Any = convert(tables, _File)
    lists = tuple(_lists(file))
    ids = (f"id {each.genre_id}" for each in lists if each.genre)
    for key, count in Counter(["genre", *(each.name for each in lists), *ids]).items():
        if count > 1:
            raise SettingsError(f"{key} is that of two lists: give one of them another.")
    return Plan(lists, None if file.max_days_late < 0 else file.max_days_late)


def _lists(file: Any) -> Iterator[MovieList]:
    """Yield the packaged lists, then those of `[lists]`."""
    ratings = {"top_rated": file.top_rated.min_rating}
    for key, packaged in _PACKAGED.items():
        entry = replace(packaged, pages=getattr(file.pages, key), min_rating=ratings.get(key))
        if key != "genre":
            yield entry
            continue
        for genre in file.genres.list:
            query = {"with_genres": str(genre.id), "sort_by": "popularity.desc"}
            yield replace(entry, name=genre.slug, title=genre.name, genre=genre, parameters=query)
    for name, table in file.lists.items():
        yield convert({"name": name, **table}, MovieList, f"lists.{name}")
