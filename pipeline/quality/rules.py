"""The rules, all in two lists: what a film must be, and what a list must be.

A film passes when every *required* rule holds for it. Each rule that does not hold costs points of
the film's score, 100 at best and 0 at worst. Which gaps are normal was read off genuine ko-KR
answers: 28 % of popular rows have an empty overview, 2.8 % no backdrop, 0.4 % no poster, some no
release date; so these cost points and do not fail a film. TMDB never sent a row that broke a
required rule.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pipeline.collection import Film

FIRST_FILM = datetime.date(1874, 1, 1)
"""TMDB's oldest film, Passage de Vénus, is of 1874."""

FURTHEST_ANNOUNCED = datetime.timedelta(days=10 * 366)
"""Announced films carry dates up to some years ahead; ten years is beyond reason."""

REQUIRED = 100
"""Points of a required rule: a film that breaks one scores 0."""


@dataclass(frozen=True)
class FilmRule:
    """One demand on a film; `holds` is asked with the film and the day of its collection."""

    id: str
    points: int
    description: str
    holds: Callable[[Film, datetime.date], bool]

    @property
    def required(self) -> bool:
        """Whether a film that breaks this rule fails."""
        return self.points >= REQUIRED


@dataclass(frozen=True)
class ListRule:
    """One demand on a whole list; `finding` says what is wrong, or None."""

    id: str
    description: str
    finding: Callable[[dict[str, Any]], str | None]


def _release_date(film: Film) -> datetime.date | None:
    value = film.get("release_date")
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def _has_date(film: Film) -> bool:
    """A missing key, null and "" all mean that TMDB knows no date."""
    return film.get("release_date") not in (None, "")


def _plausible_date(film: Film, on: datetime.date) -> bool:
    date = _release_date(film)
    return date is None or FIRST_FILM <= date <= on + FURTHEST_ANNOUNCED


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_whole(value: Any) -> bool:
    return type(value) is int


def _is_number(value: Any) -> bool:
    return type(value) in (int, float) and value == value and abs(value) != float("inf")


def _is_genre_list(value: Any) -> bool:
    return isinstance(value, list) and all(_is_whole(each) for each in value)


def _is_path_or_null(film: Film, field: str) -> bool:
    value = film.get(field)
    return value is None or isinstance(value, str)


FILM_RULES: tuple[FilmRule, ...] = (
    FilmRule("id", REQUIRED, "id is a whole number above 0",
             lambda film, _: _is_whole(film.get("id")) and film["id"] > 0),
    FilmRule("title", REQUIRED, "title is text and not empty",
             lambda film, _: _is_text(film.get("title"))),
    FilmRule("original_title", REQUIRED, "original_title is text and not empty",
             lambda film, _: _is_text(film.get("original_title"))),
    FilmRule("original_language", REQUIRED, "original_language is a code of two letters",
             lambda film, _: bool(re.fullmatch("[a-z]{2}", str(film.get("original_language"))))),
    FilmRule("overview_type", REQUIRED, "overview is text",
             lambda film, _: isinstance(film.get("overview"), str)),
    FilmRule("genre_ids", REQUIRED, "genre_ids is a list of whole numbers",
             lambda film, _: _is_genre_list(film.get("genre_ids"))),
    FilmRule("vote_average", REQUIRED, "vote_average is a number from 0 to 10",
             lambda film, _: _is_number(film.get("vote_average"))
             and 0 <= film["vote_average"] <= 10),
    FilmRule("vote_count", REQUIRED, "vote_count is a whole number, not negative",
             lambda film, _: _is_whole(film.get("vote_count")) and film["vote_count"] >= 0),
    FilmRule("popularity", REQUIRED, "popularity is a number, not negative",
             lambda film, _: _is_number(film.get("popularity")) and film["popularity"] >= 0),
    FilmRule("flags", REQUIRED, "adult and video are true or false",
             lambda film, _: all(type(film.get(key)) is bool for key in ("adult", "video"))),
    FilmRule("image_paths", REQUIRED, "poster_path and backdrop_path are text or null",
             lambda film, _: _is_path_or_null(film, "poster_path")
             and _is_path_or_null(film, "backdrop_path")),
    FilmRule("release_date_form", REQUIRED, "release_date, where given, is a real YYYY-MM-DD",
             lambda film, _: not _has_date(film) or _release_date(film) is not None),
    FilmRule("release_date_range", REQUIRED, "release_date is from 1874 to ten years ahead",
             _plausible_date),
    FilmRule("rated_without_votes", 20, "a film without votes has no rating",
             lambda film, _: film.get("vote_count") != 0 or film.get("vote_average") == 0),
    FilmRule("overview_missing", 15, "overview is not empty",
             lambda film, _: film.get("overview") != ""),
    FilmRule("release_date_missing", 15, "release_date is given",
             lambda film, _: _has_date(film)),
    FilmRule("genres_missing", 15, "genre_ids is not empty",
             lambda film, _: film.get("genre_ids") != []),
    FilmRule("poster_missing", 10, "poster_path is given",
             lambda film, _: film.get("poster_path") is not None),
    FilmRule("backdrop_missing", 5, "backdrop_path is given",
             lambda film, _: film.get("backdrop_path") is not None),
    FilmRule("no_votes", 5, "somebody has voted",
             lambda film, _: film.get("vote_count") != 0),
)  # fmt: skip


def _too_few_pages(document: dict[str, Any]) -> str | None:
    info = document["collection_info"]
    asked, came = info.get("pages_requested"), info.get("pages_processed")
    if _is_whole(asked) and _is_whole(came) and came < asked:
        return f"{came} of {asked} pages held films"
    return None


def _duplicates(document: dict[str, Any]) -> str | None:
    ids = [film["id"] for film in document["movies"] if _is_whole(film.get("id"))]
    count = len(ids) - len(set(ids))
    return f"{count} films stand there twice" if count else None


def _miscounted(document: dict[str, Any]) -> str | None:
    claimed, held = document["collection_info"].get("total_collected"), len(document["movies"])
    return f"total_collected says {claimed}, it holds {held}" if claimed != held else None


def _empty(document: dict[str, Any]) -> str | None:
    return None if document["movies"] else "it holds no film"


def _late(document: dict[str, Any]) -> str | None:
    days = document["collection_info"].get("late_by_days")
    late = _is_whole(days) and days > 0
    return f"collected {days} day{'s' * (days > 1)} after its date" if late else None


LIST_RULES: tuple[ListRule, ...] = (
    ListRule("list_empty", "a list holds films", _empty),
    ListRule("list_short", "every page asked for held films", _too_few_pages),
    ListRule("list_duplicates", "a film stands once in a list", _duplicates),
    ListRule("list_miscounted", "total_collected is the number of films", _miscounted),
    ListRule("list_late", "a list is collected on its own day", _late),
)
