"""JSON as text and as values: exact, and refused if it is not JSON."""

import json
from collections.abc import Iterator
from typing import Any

import msgspec


def decode(text: bytes | str) -> Any:
    """Return the value of a JSON text, or raise ValueError if it is none or nested too deeply.

    A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD; a number that no float can hold is no
    JSON.
    """
    try:
        try:
            return msgspec.json.decode(text)
        except ValueError:  # msgspec refuses lone surrogates
            return msgspec.json.decode(_dump(json.loads(text)))
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def encode(value: Any) -> bytes:
    """Return a value as UTF-8, not escaped, indented, without a line feed at its end."""
    try:
        text = msgspec.json.encode(value)
    except (UnicodeEncodeError, OverflowError):  # msgspec writes whole numbers of 64 bits only
        text = _dump(value)
    return msgspec.json.format(text, indent=2)


def pieces(document: dict[str, Any]) -> Iterator[bytes]:
    """Yield what `encode` returns, row by row, so that no week lies in memory as a whole text."""
    yield b"{"
    for number, (key, value) in enumerate(document.items()):
        yield (b",\n  " if number else b"\n  ") + encode(key) + b": "
        if isinstance(value, list) and value:
            for row_number, row in enumerate(value):
                yield (b",\n    " if row_number else b"[\n    ") + _nested(row, 4)
            yield b"\n  ]"
        else:
            yield _nested(value, 2)
    yield b"\n}" if document else b"}"


def _nested(value: Any, indent: int) -> bytes:
    return encode(value).replace(b"\n", b"\n" + b" " * indent)


def _dump(value: Any) -> bytes:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
