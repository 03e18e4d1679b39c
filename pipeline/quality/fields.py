"""Read the fields of a movie, each of which can be missing or of an unexpected type."""

from __future__ import annotations

import datetime
import functools
import math
import re
from typing import Any, TypeGuard

Movie = dict[str, Any]
"""A row as TMDB sent it."""

KNOWN_FIELDS = frozenset((
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview",
    "popularity", "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
))  # fmt: skip
"""The fields that the rows of every list had from 2024 to 2026."""

OPTIONAL_FIELDS = frozenset(("softcore", "media_type"))
"""Fields that a list may have: softcore since spring 2026, media_type in the trending list."""

_MAX_NUMBER = 10**300
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def release_date(movie: Movie) -> datetime.date | None:
    """Return the release date, or None where it is missing or not a date."""
    value = movie.get("release_date")
    return _parse_date(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=16_384)
def _parse_date(text: str) -> datetime.date | None:
    """Parse a date once: several rules read it, and several lists hold the same movie."""
    try:
        return datetime.date.fromisoformat(text) if _DATE.fullmatch(text) else None
    except ValueError:
        return None


def has_date(movie: Movie) -> bool:
    """Whether a release date is given; TMDB sends no key, null or "" where it has none."""
    return movie.get("release_date") not in (None, "")


def has_overview(movie: Movie) -> bool:
    """Whether the overview is a text that is not blank."""
    return is_text(movie.get("overview"))


def number(movie: Movie, field: str) -> float | None:
    """Return a field's finite number, or None."""
    value = movie.get(field)
    return float(value) if is_number(value) else None


def is_text(value: Any) -> TypeGuard[str]:
    """Whether a value is a text that is not blank."""
    return isinstance(value, str) and bool(value.strip())


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether a value is a whole number; true and false are not numbers."""
    return type(value) is int


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether a value is a finite number within a float; true and false are not numbers."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and -_MAX_NUMBER < value < _MAX_NUMBER
