"""Read values of documents whatever their type: a wrong value counts as a missing one.

The pipeline writes the documents, but their movies come from TMDB as received, and documents of
older versions lack keys. A page is drawn in any case.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from typing import Any

from pipeline.sanitize import UNSEEN

Document = dict[str, Any]

# Characters of a text that are shown.
MAX_TEXT = 160

# Greatest absolute value of a number that is shown.
_MAX_NUMBER = 10**15

_MAX_COMBINING_MARKS = 3
_SPACES = re.compile(r"\s+")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def as_text(value: Any, limit: int = MAX_TEXT) -> str:
    """Return a text that is safe to show; an empty one for any other value.

    Control and direction characters become U+FFFD, so that their place shows; surplus combining
    marks are removed; what is longer than the limit is cut.
    """
    if not isinstance(value, str):
        return ""
    text = UNSEEN.sub("\ufffd", _SPACES.sub(" ", value[: 8 * limit])).strip()
    text = _limit_combining_marks(text)
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _limit_combining_marks(text: str) -> str:
    if text.isascii():
        return text
    characters, marks = [], 0
    for character in text:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MAX_COMBINING_MARKS:
            characters.append(character)
    return "".join(characters)


def as_dict(value: Any) -> Document:
    """Return an object; an empty one for any other value."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[Document]:
    """Return the objects in a list; nothing for any other value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def as_float(value: Any) -> float | None:
    """Return a finite number of a size that can be shown, or None; true and false are none."""
    if type(value) not in (int, float) or not -_MAX_NUMBER < value < _MAX_NUMBER:
        return None
    return float(value) if math.isfinite(value) else None


def as_int(value: Any) -> int | None:
    """Return a whole number of a size that can be shown, or None."""
    return value if type(value) is int and -_MAX_NUMBER < value < _MAX_NUMBER else None


def as_date(value: Any) -> datetime.date | None:
    """Return a date written as YYYY-MM-DD, or None."""
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def as_instant(value: Any) -> datetime.datetime | None:
    """Return an instant in UTC, or None."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
