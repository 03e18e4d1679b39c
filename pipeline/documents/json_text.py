"""JSON as text and as values: strict, exact, and fast where nothing is odd.

msgspec does the work. Halves of surrogate pairs, which JSON allows and it refuses, go to the
standard library. Pure.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any

import msgspec

_INDENT = 2

DEEPEST = 64
"""Levels of a text that is read. Our documents have eight; how much deeper one could be written or
read again would depend on how deep the program itself is just then."""


def decode(text: bytes | str, deepest: int = DEEPEST) -> Any:
    """Return the value of a JSON text.

    Raises:
        ValueError: it is none; NaN, Infinity and numbers that no float can hold are none either,
            nor is what is nested more than so many levels deep.
    """
    try:
        value = _value(text)
        too_deep = _is_deeper(value, deepest)
    except RecursionError:
        too_deep = True
    if too_deep:
        raise ValueError(f"it is nested more than {deepest} levels deep")
    return value


def encode(value: Any) -> bytes:
    """Return a value as UTF-8, not escaped, indented, without a line feed at its end.

    Half a surrogate pair, which JSON can carry and UTF-8 cannot, stays the escape that it came as.
    What is no number becomes null; `decode` lets none in.
    """
    try:
        return msgspec.json.format(msgspec.json.encode(value), indent=_INDENT)
    except (UnicodeEncodeError, OverflowError):  # msgspec writes whole numbers of 64 bits only
        text = json.dumps(value, ensure_ascii=False, indent=_INDENT, allow_nan=False)
        return text.encode("utf-8", errors="backslashreplace")


def pieces(document: dict[str, Any]) -> Iterator[bytes]:
    """Yield what `encode` returns for the document, row by row of its lists.

    So the text of a week's movies never lies in memory as a whole.
    """
    opening = b"{"
    for key, value in document.items():
        yield opening + b"\n  " + encode(key) + b": "
        if isinstance(value, list) and value:
            yield from _pieces_of_list(value)
        else:
            yield _nested(value, 1)
        opening = b","
    yield b"\n}" if document else b"{}"


def _pieces_of_list(rows: list[Any]) -> Iterator[bytes]:
    opening = b"["
    for row in rows:
        yield opening + b"\n    " + _nested(row, 2)
        opening = b","
    yield b"\n  ]"


def _nested(value: Any, depth: int) -> bytes:
    """Encode a value as it is indented inside `depth` others."""
    return encode(value).replace(b"\n", b"\n" + b" " * _INDENT * depth)


def _value(text: bytes | str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError):
        return json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)


def _is_deeper(value: Any, levels: int) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(levels):
        level = [
            inner
            for each in level
            for inner in (each.values() if type(each) is dict else each)
            if type(inner) is dict or type(inner) is list
        ]
    return bool(level)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError(f"{digits[:20]} is too large")
    return number
