"""Read values from TMDB, each of which can be missing or of an unexpected type."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta

# A row as TMDB sent it.
Movie = dict[str, Any]

# A finite number, of which a rule can take the logarithm; and a text that is not blank.
Number = Annotated[float, Meta(ge=-1e300, le=1e300)]
Text = Annotated[str, Meta(pattern=r"\S")]

_T = TypeVar("_T")


def converted(value: Any, type_: type[_T]) -> _T | None:
    """Return a value as the type, or None where it is not of it; true and false are no numbers."""
    try:
        return msgspec.convert(value, type_)
    except (msgspec.ValidationError, UnicodeEncodeError):  # the latter for half a character
        return None


def values_of(movies: Iterable[Movie], field: str, type_: type[_T]) -> list[_T]:
    """Return the values of a field that are of the type."""
    values = (converted(movie.get(field), type_) for movie in movies)
    return [value for value in values if value is not None]
