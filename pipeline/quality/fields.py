"""What a field of a film holds: any of them can be missing, or of another type than promised."""

from __future__ import annotations

import datetime
import functools
import math
import re
from typing import Any, TypeGuard

from pipeline.documents.collect import Film

_LARGEST = 10**300
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def release_date(film: Film) -> datetime.date | None:
    """Return the day of release, or None where there is none or what stands there is no day."""
    value = film.get("release_date")
    return _day(value) if isinstance(value, str) else None


@functools.lru_cache(maxsize=16_384)
def _day(text: str) -> datetime.date | None:
    """Parse a day, which several rules ask for and several lists hold."""
    try:
        return datetime.date.fromisoformat(text) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def has_date(film: Film) -> bool:
    """Whether something is given; a missing key, null and "" all mean that TMDB knows no date."""
    return film.get("release_date") not in (None, "")


def has_overview(film: Film) -> bool:
    """Whether there is a text to read."""
    return is_text(film.get("overview"))


def number(film: Film, field: str) -> float | None:
    """Return a field's finite number, or None."""
    value = film.get(field)
    return float(value) if is_number(value) else None


def is_text(value: Any) -> TypeGuard[str]:
    """Whether it is text that says anything."""
    return isinstance(value, str) and bool(value.strip())


def is_whole(value: Any) -> TypeGuard[int]:
    """Whether it is a whole number; true and false are none."""
    return type(value) is int


def is_number(value: Any) -> TypeGuard[int | float]:
    """Whether it is a finite number that a float can hold; true and false are none."""
    if type(value) is float:
        return math.isfinite(value)
    return type(value) is int and -_LARGEST < value < _LARGEST
