"""What stands in a document, whatever was written there: read without ever failing.

Documents are ours, but their films come from strangers, and files of older versions lack keys.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from typing import Any

from pipeline.sanitize import UNSEEN

Document = dict[str, Any]

LONGEST = 160
"""Characters of a stranger's text that are shown."""

_LARGEST = 10**15

_SPACES = re.compile(r"\s+")
_MARKS_IN_A_ROW = 3


def harmless(text: str, limit: int = LONGEST) -> str:
    """Return a text without what could hide or turn the text around it, cut to its limit.

    What is taken away leaves U+FFFD, so that it shows; piles of combining marks become low ones.
    """
    if len(text) > 8 * limit:
        text = text[: 8 * limit]
    cleaned = _lowered(UNSEEN.sub("\ufffd", _SPACES.sub(" ", text)).strip())
    return cleaned if len(cleaned) <= limit else cleaned[: limit - 1].rstrip() + "…"


def _lowered(text: str) -> str:
    if text.isascii():
        return text
    kept, pile = [], 0
    for sign in text:
        pile = pile + 1 if unicodedata.combining(sign) else 0
        if pile <= _MARKS_IN_A_ROW:
            kept.append(sign)
    return "".join(kept)


def text_of(value: Any, limit: int = LONGEST) -> str:
    """Return a harmless text; empty where there is none."""
    return harmless(value, limit) if isinstance(value, str) else ""


def mapping(value: Any) -> Document:
    """Return an object; an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def objects(value: Any) -> list[Document]:
    """Return those of a list that are objects."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def number(value: Any) -> float | None:
    """Return a finite number of a size that can be shown, or None; true and false are none."""
    if type(value) not in (int, float) or not -_LARGEST < value < _LARGEST:
        return None
    return float(value) if math.isfinite(value) else None


def whole(value: Any) -> int | None:
    """Return a whole number of a size that can be shown, or None."""
    return value if type(value) is int and -_LARGEST < value < _LARGEST else None


def day(value: Any) -> datetime.date | None:
    """Return a day written as YYYY-MM-DD, or None."""
    if not isinstance(value, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        return None
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        return None


def instant(value: Any) -> datetime.datetime | None:
    """Return an instant in UTC, or None."""
    if not isinstance(value, str):
        return None
    try:
        read = datetime.datetime.fromisoformat(value)
        return (read if read.tzinfo else read.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
