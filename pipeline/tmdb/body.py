"""The body of an answer: read within bounds of size and time, unpacked, decoded."""

from __future__ import annotations

import zlib
from typing import Any, Protocol

from pipeline import clock
from pipeline.documents import json_text
from pipeline.errors import AnswerNotUnderstood
from pipeline.tmdb.faults import Transient

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes of an answer, unpacked. A page of a list has some 20,000."""

ANSWER_SECONDS = 60.0
"""Longest time that a whole answer may take, however steadily it drips."""

DEEPEST_ANSWER = 32
"""Levels of an answer. A page of a list has four, and what is made of it some more."""

_GZIP_MAGIC = b"\x1f\x8b"
_PIECE = 65_536


class Stream(Protocol):
    """What is read from: urllib3's response."""

    def read1(self, amt: int | None = ..., decode_content: bool | None = ...) -> bytes:
        """Return what has arrived, unpacked, `amt` bytes at most; nothing at the end."""


def read(stream: Stream, where: str) -> bytes:
    """Read the whole body; `where` is the host and path that it came from.

    Raises:
        Transient: it takes too long, or is damaged or cut gzip.
        AnswerNotUnderstood: it is larger than any page of a list.
    """
    deadline = clock.monotonic() + ANSWER_SECONDS
    content = bytearray()
    while piece := stream.read1(_PIECE, decode_content=True):
        content += piece
        if len(content) > LARGEST_ANSWER:
            raise _too_large(where)
        if clock.monotonic() > deadline:
            raise Transient(f"no whole answer within {ANSWER_SECONDS:.0f} s")
    if content.startswith(_GZIP_MAGIC):
        return _gunzipped(bytes(content), where)
    return bytes(content)


def decode(content: bytes) -> Any:
    """Decode JSON. Raises Transient where it is none: gateways answer 200 with HTML at times."""
    try:
        return json_text.decode(content, DEEPEST_ANSWER)
    except ValueError:
        raise Transient("a 200 whose body is not JSON") from None


def _gunzipped(content: bytes, where: str) -> bytes:
    """Unpack gzip that came unannounced, as TMDB's CDN sent it for two days in May 2026."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(content, LARGEST_ANSWER + 1)
    except zlib.error:
        raise Transient("a damaged gzip body") from None
    if len(text) > LARGEST_ANSWER:
        raise _too_large(where)
    if not unpacking.eof:
        raise Transient("a cut gzip body")
    return text


def _too_large(where: str) -> AnswerNotUnderstood:
    return AnswerNotUnderstood(
        f"The answer of {where} is larger than {LARGEST_ANSWER // 2**20} MiB, which no page of a "
        "list is; check TMDB_API_URL."
    )
