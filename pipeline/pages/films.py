"""Films as rows of a table: what is shown of each, and how it moved."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pipeline.documents.changes import ranks
from pipeline.pages.language import Language
from pipeline.pages.reading import Document, day, mapping, number, text_of, whole

_POSTER = re.compile(r"/[A-Za-z0-9_.-]+\.(?:jpg|png|svg)", re.ASCII)
_PROFILE = re.compile(r"[0-9 ]*", re.ASCII)
_LONGEST_PATH = 80
_MOST_GENRES = 6
_MOST_VOTES = 10**9


class Move(NamedTuple):
    """How a film stands against an earlier list: up, down, same, new, or unknown without one."""

    kind: str
    places: int = 0


class Name(NamedTuple):
    """A film's title and, unless it is made up, the address of its page at TMDB."""

    title: str
    link: str


class Row(NamedTuple):
    """One film as the table shows it; empty texts where there is nothing to show."""

    rank: int
    name: Name
    original: str
    spoken: str
    poster: str
    initial: str
    hue: int
    genres: tuple[str, ...]
    rating: str
    votes: str
    released: str
    popularity: str
    has_overview: bool
    moves: tuple[Move, ...]


def name_of(say: Language, film: Document, *, demo: bool) -> Name:
    """Return a film's title as it may be shown."""
    number_ = whole(film.get("id"))
    known = number_ is not None and number_ > 0 and not demo
    return Name(
        text_of(film.get("title")) or say("untitled"),
        f"https://www.themoviedb.org/movie/{number_}" if known else "",
    )


def rows_of(
    say: Language,
    films: Sequence[Document],
    before: Sequence[Mapping[int, int] | None],
    *,
    demo: bool,
) -> list[Row]:
    """Return a list's rows; `before` are the ranks of earlier ones, None where one is missing."""
    return [_row(say, film, rank, before, demo) for rank, film in enumerate(films, start=1)]


def _row(
    say: Language,
    film: Document,
    rank: int,
    before: Sequence[Mapping[int, int] | None],
    demo: bool,
) -> Row:
    name = name_of(say, film, demo=demo)
    original = text_of(film.get("original_title"))
    votes = vote_count(film)
    rating = rating_of(film)
    return Row(
        rank=rank,
        name=name,
        original=original if original != name.title else "",
        spoken=_spoken(film.get("original_language")),
        poster="" if demo or _is_explicit(film) else _poster(film.get("poster_path")),
        initial=_initial(name.title),
        hue=(whole(film.get("id")) or 0) * 47 % 360,
        genres=tuple(say.genre(each) for each in genre_ids(film)[:_MOST_GENRES]),
        rating=say.number(rating, 1) if rating is not None and votes else "",
        votes=say("votes_n", n=say.number(votes)) if votes else "",
        released=_released(say, film),
        popularity=say.number(number(film.get("popularity")), 1),
        has_overview=bool(text_of(film.get("overview"), 8)),
        moves=tuple(move(film.get("id"), rank, each) for each in before),
    )


def move(film: Any, rank: int, before: Mapping[int, int] | None) -> Move:
    """Compare a film's rank with the one in an earlier list."""
    if before is None:
        return Move("unknown")
    earlier = before.get(film) if type(film) is int else None
    if earlier is None:
        return Move("new")
    if earlier == rank:
        return Move("same")
    return Move("up" if rank < earlier else "down", abs(rank - earlier))


def ranks_in(report: Document | None, name: str) -> dict[int, int] | None:
    """Return the ranks in one list of a report; None where it does not tell them."""
    films = mapping(mapping(mapping(report).get("profiles")).get(name)).get("films")
    if not isinstance(films, str) or not _PROFILE.fullmatch(films):
        return None
    try:
        return ranks(films)
    except ValueError:  # Python reads no number of thousands of digits
        return None


def rating_of(film: Document) -> float | None:
    """Return a film's rating where it is one."""
    value = number(film.get("vote_average"))
    return value if value is not None and 0 <= value <= 10 else None


def vote_count(film: Document) -> int:
    """Return a film's votes; 0 where nothing usable stands there."""
    value = whole(film.get("vote_count"))
    return value if value is not None and 0 <= value < _MOST_VOTES else 0


def genre_ids(film: Document) -> list[int]:
    """Return a film's genres, each once."""
    value = film.get("genre_ids")
    known = [each for each in value if whole(each) is not None] if isinstance(value, list) else []
    return list(dict.fromkeys(known))


def release_year(film: Document) -> int | None:
    """Return the year of a film's release, where it is known."""
    date = day(film.get("release_date"))
    return date.year if date else None


def _released(say: Language, film: Document) -> str:
    date = day(film.get("release_date"))
    return say.numeric_day(date) if date else ""


def _spoken(code: Any) -> str:
    """Return the language's code, which browsers choose the letters' shapes by."""
    return code if isinstance(code, str) and re.fullmatch("[a-z]{2}", code) else ""


def _is_explicit(film: Document) -> bool:
    """Whether TMDB marks a film as adult or softcore, in whatever form; no page shows its poster.

    TMDB lists softcore films unasked, so no rule warns of them.
    """
    return bool(film.get("adult") or film.get("softcore"))


def _poster(path: Any) -> str:
    is_one = isinstance(path, str) and len(path) <= _LONGEST_PATH and _POSTER.fullmatch(path)
    return path if is_one else ""


def _initial(title: str) -> str:
    return next((sign.upper()[:1] for sign in title if sign.isalnum()), "·")
