"""Movies as the pages show them: a row of a table, and its rank on earlier days."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_date, as_dict, as_float, as_int, as_text
from pipeline.pages.i18n import Translator

_POSTER = re.compile(r"/[A-Za-z0-9_.-]+\.(?:jpg|png|svg)", re.ASCII)
_LANGUAGE = re.compile("[a-z]{2}")
_PROFILE = re.compile(r"[0-9 ]*", re.ASCII)
_MAX_POSTER_PATH = 80
_MAX_GENRES = 6
_MAX_VOTES = 10**9
_MAX_OVERVIEW = 700

# Days of the line that shows the ranks of a movie; fewer than two points make none.
RANK_DAYS = 30
_MIN_POINTS = 2

# Rank of each movie id in an earlier list; None if that list is missing.
Ranks = Mapping[int, int] | None


@dataclass(frozen=True)
class Move:
    """A rank compared with an earlier one: up, down, same, new, or unknown without a list."""

    kind: str
    places: int = 0


@dataclass(frozen=True)
class Title:
    """The title of a movie, and the address of its page at TMDB."""

    title: str
    link: str


@dataclass(frozen=True)
class Row:
    """One movie as a table shows it; a text is empty if there is nothing to show.

    `spark` draws its ranks on the last days; it was in the list on `days` of them, `best` at best.
    """

    rank: int
    name: Title
    original: str
    spoken: str
    poster: str
    initial: str
    hue: int
    genres: tuple[str, ...]
    rating: str
    votes: str
    released: str
    year: str
    popularity: str
    overview: str
    moves: tuple[Move, ...]
    spark: str = ""
    days: int = 0
    best: int = 0
    place: str = ""


@dataclass(frozen=True)
class Entry:
    """A movie in a line: its movement or none, and where it stands."""

    name: Title
    place: str
    move: Move | None = None


@dataclass(frozen=True)
class Part:
    """Movies that changed in one way; `entries` are the first of `count`."""

    heading: str
    count: int
    entries: Sequence[Entry]
    remark: str = ""


@dataclass(frozen=True)
class Listing:
    """A list: its rows, its changes since a day, a sentence for each missing day, its document."""

    name: str
    rows: Sequence[Row]
    parts: Sequence[Part] = ()
    since: str = ""
    anchor: str = ""
    gaps: Sequence[str] = ()
    file: str = ""
    heading: str = ""


def build_title(t: Translator, movie: Document) -> Title:
    """Return the title of a movie with its link, which a page of made-up movies does not show."""
    movie_id = as_int(movie.get("id"))
    return Title(
        as_text(movie.get("title")) or t("movies.untitled"),
        f"https://www.themoviedb.org/movie/{movie_id}" if movie_id and movie_id > 0 else "",
    )


def build_rows(
    t: Translator,
    movies: Sequence[Document],
    earlier: Sequence[Ranks] = (),
    history: Sequence[Ranks] = (),
) -> list[Row]:
    """Return the rows of a list, with its movement since `earlier` and its ranks in `history`."""
    size = max(len(movies), *(len(each or ()) for each in history), 1)
    return [
        _build_row(t, movie, rank, earlier, history, size)
        for rank, movie in enumerate(movies, start=1)
    ]


def _build_row(
    t: Translator,
    movie: Document,
    rank: int,
    earlier: Sequence[Ranks],
    history: Sequence[Ranks],
    size: int,
) -> Row:
    name, movie_id = build_title(t, movie), as_int(movie.get("id"))
    original, language = as_text(movie.get("original_title")), movie.get("original_language")
    votes, rating = read_votes(movie), read_rating(movie)
    released = as_date(movie.get("release_date"))
    line = [*((each or {}).get(movie_id or 0) for each in history), rank]
    known = [each for each in line if each is not None]
    return Row(
        rank=rank,
        name=name,
        original=original if original != name.title else "",
        spoken=language if isinstance(language, str) and _LANGUAGE.fullmatch(language) else "",
        poster="" if _is_explicit(movie) else _read_poster(movie),
        initial=next((each.upper()[:1] for each in name.title if each.isalnum()), "·"),
        hue=(movie_id or 0) * 47 % 360,
        genres=tuple(map(t.genre, read_genres(movie)[:_MAX_GENRES])),
        rating=t.number(rating, 1) if rating is not None else "",
        votes=t("movies.votes_n", n=t.number(votes)) if votes else "",
        released=t.numeric_day(released) if released else "",
        year=str(released.year) if released else "",
        popularity=t.number(as_float(movie.get("popularity")), 1),
        overview=as_text(movie.get("overview"), _MAX_OVERVIEW),
        moves=tuple(_compare_rank(movie_id, rank, each) for each in earlier),
        spark=charts.draw_sparkline(line, size) if len(known) >= _MIN_POINTS else "",
        days=len(known) if history else 0,
        best=min(known),
    )


def _compare_rank(movie_id: int | None, rank: int, earlier: Ranks) -> Move:
    if earlier is None:
        return Move("unknown")
    before = earlier.get(movie_id or 0)
    if before is None:
        return Move("new")
    if before == rank:
        return Move("same")
    return Move("up" if rank < before else "down", abs(rank - before))


def read_ranks(report: Document | None, slug: str) -> Ranks:
    """Return the ranks in a list of a report; None if the report lacks them."""
    movies = as_dict(as_dict(as_dict(report).get("profiles")).get(slug)).get("films")
    if not isinstance(movies, str) or not _PROFILE.fullmatch(movies):
        return None
    try:
        return {int(movie): rank for rank, movie in enumerate(movies.split(), start=1)}
    except ValueError:  # Python reads no number of thousands of digits
        return None


def read_history(
    reports: Mapping[datetime.date, Document], slug: str, date: datetime.date
) -> list[Ranks]:
    """Return the ranks in a list on each of the days before a date, the oldest first."""
    days = (date - datetime.timedelta(days=back) for back in range(RANK_DAYS - 1, 0, -1))
    return [read_ranks(reports.get(day), slug) for day in days]


def read_rating(movie: Document) -> float | None:
    """Return the rating of a movie from 0 to 10; None without votes."""
    value = as_float(movie.get("vote_average"))
    return value if value is not None and 0 <= value <= 10 and read_votes(movie) else None


def read_votes(movie: Document) -> int:
    """Return the votes of a movie; 0 if there is no usable number."""
    value = as_int(movie.get("vote_count"))
    return value if value is not None and 0 <= value < _MAX_VOTES else 0


def read_genres(movie: Document) -> list[int]:
    """Return the genre ids of a movie without duplicates."""
    value = movie.get("genre_ids")
    known = [each for each in value if as_int(each) is not None] if isinstance(value, list) else []
    return list(dict.fromkeys(known))


def _is_explicit(movie: Document) -> bool:
    """Return whether TMDB marks a movie as adult or softcore; no page shows its poster.

    TMDB lists softcore movies unasked, so no rule warns of them.
    """
    return bool(movie.get("adult") or movie.get("softcore"))


def _read_poster(movie: Document) -> str:
    path = movie.get("poster_path")
    if not isinstance(path, str) or len(path) > _MAX_POSTER_PATH or not _POSTER.fullmatch(path):
        return ""
    return path
