"""The body of an answer: read within bounds of size and time, unpacked, decoded."""

from __future__ import annotations

import re
import zlib
from typing import Any, Protocol

import msgspec

from pipeline import clock
from pipeline.errors import AnswerNotUnderstood
from pipeline.tmdb.errors import Transient

MAX_BODY_BYTES = 8 * 1024 * 1024
"""Highest size of an unpacked body. A page of a list has some 20,000 bytes."""

MAX_BODY_SECONDS = 60.0
"""Longest time for a whole body, even if bytes keep coming."""

MAX_DEPTH = 32
"""Highest number of nested levels. A page has four; deeper ones could not be encoded again."""

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_BYTES = 65_536

_SURROGATES = re.compile(
    rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(?P<lone>u[dD][89a-fA-F]..)|.)"
    rb"|(?P<raw>\xed[\xa0-\xbf].)",
    re.DOTALL,
)
"""Every escape sequence of a JSON text, those of lone surrogates named; and surrogates as bytes."""


class Stream(Protocol):
    """The part of urllib3's response that is read from."""

    def read1(self, amt: int | None = ..., decode_content: bool | None = ...) -> bytes:
        """Return what has arrived, unpacked, `amt` bytes at most; nothing at the end."""


def read(stream: Stream, source: str) -> bytes:
    """Return the whole body; `source` is the host and path that it came from.

    Raises:
        Transient: it takes too long, or is damaged or truncated gzip.
        AnswerNotUnderstood: it is larger than any page of a list.
    """
    deadline = clock.monotonic() + MAX_BODY_SECONDS
    content = bytearray()
    while chunk := stream.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise _too_large(source)
        if clock.monotonic() > deadline:
            raise Transient(f"no whole answer within {MAX_BODY_SECONDS:.0f} s")
    if content.startswith(_GZIP_MAGIC):
        return _gunzip(bytes(content), source)
    return bytes(content)


def decode(content: bytes) -> Any:
    """Decode JSON; a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.

    Raises:
        ValueError: it is not JSON, holds a number that no float can, or is nested too deep.
    """
    try:
        try:
            value = msgspec.json.decode(content)
        except ValueError:
            value = msgspec.json.decode(_without_lone_surrogates(content))
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if _is_deeper(value, MAX_DEPTH):
        raise ValueError("it is nested too deep")
    return value


def _without_lone_surrogates(content: bytes) -> bytes:
    def replace(found: re.Match[bytes]) -> bytes:
        is_surrogate = found["lone"] or found["raw"]
        return "\N{REPLACEMENT CHARACTER}".encode() if is_surrogate else found[0]

    return _SURROGATES.sub(replace, content.removeprefix(b"\xef\xbb\xbf"))


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _gunzip(content: bytes, source: str) -> bytes:
    """Unpack gzip that came unannounced, as TMDB's CDN sent it for two days in May 2026."""
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(content, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise Transient("a damaged gzip body") from None
    if len(text) > MAX_BODY_BYTES:
        raise _too_large(source)
    if not unpacking.eof:
        raise Transient("a truncated gzip body")
    return text


def _too_large(source: str) -> AnswerNotUnderstood:
    return AnswerNotUnderstood(
        f"The answer of {source} is larger than {MAX_BODY_BYTES // 2**20} MiB, which no page of a "
        "list is; check TMDB_API_URL."
    )
