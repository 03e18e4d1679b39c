"""From the bytes of an answer to a page of a list, or to the error that the answer means.

A CDN that blocks a country, a captive portal and a proxy that wants a login answer in TMDB's place,
with statuses that TMDB uses too. Only TMDB's own error object says something about the key.
"""

from __future__ import annotations

import contextlib
import email.utils
import json
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import urllib3

from pipeline import clock
from pipeline.errors import AnswerNotUnderstood
from pipeline.tmdb.errors import Endpoint, Transient, error_of
from pipeline.tmdb.page import Page

# Highest size of an unpacked body. A page of a list has some 20,000 bytes.
MAX_BODY_BYTES = 8 * 1024 * 1024
# Longest time for a whole body, even if bytes keep coming.
MAX_BODY_SECONDS = 60.0
# Highest number of nested levels. A page has four; deeper ones could not be encoded again.
MAX_DEPTH = 32
# Highest number of characters of an answer that an error quotes.
MAX_QUOTED_LENGTH = 200
# Seconds for which nothing is sent after a rate limit error that names no time.
RATE_LIMIT_HOLD_SECONDS = 1.0

# TMDB's own numbers (`status_code`), which count before the HTTP status.
KEY_CODES = frozenset({3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 45})
RATE_LIMIT_CODE = 25
TRANSIENT_CODES = frozenset({9, 11, 15, 24, RATE_LIMIT_CODE, 43, 46})

RATE_LIMIT_STATUS = 429
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# HTTP statuses that, without TMDB's error object, come from something between here and TMDB.
BLOCKED_STATUSES = frozenset({401, 403, 407, 451, 511})

_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK_BYTES = 65_536


class RawResponse(NamedTuple):
    """An HTTP answer whose body has been read."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _ErrorObject(msgspec.Struct):
    status_code: int
    status_message: str = ""
    success: bool = False


class _Row(msgspec.Struct):
    id: int


class _Rows(msgspec.Struct):
    results: list[_Row]


def read(stream: urllib3.BaseHTTPResponse, source: str) -> bytes:
    """Return the whole body; `source` is the host and path that it came from.

    Raises:
        Transient: it takes too long, or is damaged or truncated gzip.
        AnswerNotUnderstood: it is larger than any page of a list.
    """
    too_large = AnswerNotUnderstood(
        f"The answer of {source} is larger than {MAX_BODY_BYTES // 2**20} MiB, which no page of a "
        "list is; check TMDB_API_URL."
    )
    deadline = clock.monotonic() + MAX_BODY_SECONDS
    content = bytearray()
    while chunk := stream.read1(_CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise too_large
        if clock.monotonic() > deadline:
            raise Transient(f"no whole answer within {MAX_BODY_SECONDS:.0f} s")
    if not content.startswith(_GZIP_MAGIC):
        return bytes(content)
    # TMDB's CDN sent gzip without announcing it for two days in May 2026.
    unpacking = zlib.decompressobj(wbits=31)
    try:
        text = unpacking.decompress(content, MAX_BODY_BYTES + 1)
    except zlib.error:
        raise Transient("a damaged gzip body") from None
    if len(text) > MAX_BODY_BYTES:
        raise too_large
    if not unpacking.eof:
        raise Transient("a truncated gzip body")
    return text


def decode(content: bytes) -> Any:
    """Decode JSON; a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.

    Raises:
        ValueError: it is not JSON, holds a number that no float can, or is nested too deep.
    """
    try:
        try:
            value = msgspec.json.decode(content)
        except ValueError:
            text = json.dumps(json.loads(content), ensure_ascii=False)
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            value = msgspec.json.decode(text)
    except RecursionError:
        raise ValueError("it is nested too deep") from None
    if _is_deeper(value, MAX_DEPTH):
        raise ValueError("it is nested too deep")
    return value


def parse(response: RawResponse, endpoint: Endpoint) -> Any:
    """Return the decoded body of an answer that is no error.

    Raises:
        CredentialRefused: TMDB does not accept the credential.
        Transient: TMDB or a gateway asks for another attempt, or a 200 is not JSON.
        TmdbBlocked: something between here and TMDB answered.
        RequestRejected: the request is wrong, or the address is not TMDB's.
    """
    status = response.status
    value, is_json = None, False
    with contextlib.suppress(ValueError):
        value, is_json = decode(response.content), True
    error = _error_object(value)
    if status == 200 and is_json and error is None:
        return value
    reason, code = f"HTTP status {status}", None
    if error is not None:
        words = endpoint.credential.redact(" ".join(error.status_message.split()))
        reason, code = f"{reason} ({words[:MAX_QUOTED_LENGTH]})", error.status_code
    if code in KEY_CODES or (status == 401 and code not in (None, RATE_LIMIT_CODE)):
        raise error_of("refused", endpoint)
    if code in TRANSIENT_CODES or status in TRANSIENT_STATUSES:
        is_rate_limit = code == RATE_LIMIT_CODE or status == RATE_LIMIT_STATUS
        raise Transient(reason, hold_seconds=_hold_seconds(response.headers, is_rate_limit))
    if error is None and status == 200:
        raise Transient("a 200 whose body is not JSON, as of a captive portal, a proxy or a block")
    if error is None and status == 401 and (is_json or not response.content.strip()):
        raise error_of("refused", endpoint)
    if error is None and status in BLOCKED_STATUSES:
        raise error_of("blocked", endpoint, reason=reason)
    raise error_of("rejected", endpoint, reason=reason, status=status)


def parse_page(value: Any, endpoint: str, number: int) -> Page:
    """Return the page that was requested, its rows as received.

    Raises:
        AnswerNotUnderstood: a field is missing or of another type; the error names it.
        Transient: it is another page, or empty though its own totals say otherwise.
    """
    try:
        page = msgspec.convert(value, Page)
        msgspec.convert(value, _Rows)
    except msgspec.ValidationError as error:
        raise AnswerNotUnderstood(
            f"TMDB's answer to {endpoint}, page {number}, is not a page of a list ({error}): TMDB "
            "or the server at TMDB_API_URL has changed; nothing was written."
        ) from None
    if page.page != number:
        raise Transient(f"page {number} came as page {page.page}")
    if not page.results and page.total_results > 0 and number <= page.total_pages:
        raise Transient(f"page {number} of {page.total_pages} came empty")
    return page


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(each, levels - 1) for each in inner)


def _error_object(value: Any) -> _ErrorObject | None:
    try:
        error = msgspec.convert(value, _ErrorObject)
    except msgspec.ValidationError:
        return None
    return None if error.success else error


def _hold_seconds(headers: Mapping[str, str], is_rate_limit: bool) -> float:
    """Return the seconds that a Retry-After asks for; of a date, those after the answer's own."""
    wanted = headers.get("Retry-After", "")
    try:
        if wanted.isdecimal():
            return float(wanted)
        until, sent = map(email.utils.parsedate_to_datetime, (wanted, headers["Date"]))
        return (until - sent).total_seconds()
    except (KeyError, TypeError, ValueError, OverflowError):
        return RATE_LIMIT_HOLD_SECONDS if is_rate_limit else 0.0
