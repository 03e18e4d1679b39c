"""From the bytes of an answer to a page of a list, or to the failure that the answer means.

A CDN that blocks a country, a captive portal and a proxy that wants a login answer in TMDB's place,
with statuses that TMDB uses too. Only TMDB's own error object says something about the key: its
number (`status_code`) counts before the HTTP status. Without it, `BLOCKED_STATUSES` come from
something between here and TMDB.
"""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import io
import zlib
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
import urllib3

from pipeline import clock
from pipeline.documents import json_text
from pipeline.errors import AnswerNotUnderstood
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import Failure
from pipeline.tmdb.page import Page

MAX_BODY_BYTES = 8 << 20  # unpacked; a page of a list has some 20,000 bytes
MAX_LEVELS = 32  # of an answer, which has five: whatever reads a document can follow these
MAX_BODY_SECONDS = 60.0  # for a whole body, even if bytes keep coming
RATE_LIMIT_HOLD_SECONDS = 1.0  # where a rate limit error names no time

KEY_CODES = frozenset({3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 45})
RATE_LIMIT_CODE = 25
TRANSIENT_CODES = frozenset({9, 11, 15, 24, RATE_LIMIT_CODE, 43, 46})
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
BLOCKED_STATUSES = frozenset({401, 403, 407, 451, 511})

Query = Mapping[str, str]


class RawResponse(NamedTuple):
    """An HTTP answer whose body has been read."""

    status: int
    headers: Mapping[str, str]
    content: bytes


def read(stream: urllib3.BaseHTTPResponse) -> bytes:
    """Return the whole body, unpacked; raise Failure if it is too large, too slow or damaged.

    TMDB's CDN sent gzip without announcing it for two days in May 2026.
    """
    deadline, content = clock.monotonic() + MAX_BODY_SECONDS, b""
    while len(content) <= MAX_BODY_BYTES and (chunk := stream.read1(65_536, decode_content=True)):
        content += chunk
        if clock.monotonic() > deadline:
            raise Failure(f"no whole answer within {MAX_BODY_SECONDS:.0f} s")
    if content.startswith(b"\x1f\x8b"):
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(MAX_BODY_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise Failure("a damaged gzip body") from None
    if len(content) > MAX_BODY_BYTES:
        raise Failure(f"{MAX_BODY_BYTES // 2**20} MiB", "too large")
    return content


def decode(content: bytes) -> Any:
    """Return the value of an answer, or raise ValueError if it is no JSON or nested too deeply."""
    value = json_text.decode(content)
    if _is_deeper(value, MAX_LEVELS):
        raise ValueError(f"it has more than {MAX_LEVELS} levels")
    return value


def _is_deeper(value: Any, levels: int) -> bool:
    """Return whether lists and objects are nested deeper than so many levels."""
    if not isinstance(value, dict | list):
        return False
    inner = value.values() if isinstance(value, dict) else value
    return levels < 1 or any(_is_deeper(each, levels - 1) for each in inner)


def parse(response: RawResponse, credential: Credential) -> Any:
    """Return the decoded body of an answer that is no error, or raise Failure.

    A 401 of TMDB holds its error object, which may be that of its rate limit; it may also be bare.
    """
    status, value, is_json = response.status, None, False
    with contextlib.suppress(ValueError):
        value, is_json = decode(response.content), True
    fields: dict[str, Any] = value if isinstance(value, dict) else {}
    error = fields if isinstance(fields.get("status_code"), int) else {}
    if status == 200 and is_json and (not error or error.get("success")):
        return value
    code, words = error.get("status_code"), " ".join(str(fields.get("status_message", "")).split())
    reason = f"HTTP status {status}" + (f" ({credential.redact(words)[:200]})" if words else "")
    is_of_tmdb = code != RATE_LIMIT_CODE if error else is_json or not response.content.strip()
    if code in KEY_CODES or (status == 401 and is_of_tmdb):
        raise Failure(reason, "refused", status=status)
    if code in TRANSIENT_CODES or status in TRANSIENT_STATUSES:
        is_rate_limit = code == RATE_LIMIT_CODE or status == 429
        raise Failure(reason, hold=_hold_seconds(response.headers, is_rate_limit))
    if not error and status == 200:
        raise Failure("a 200 whose body is not JSON, as of a captive portal, a proxy or a block")
    is_blocked = not error and status in BLOCKED_STATUSES
    raise Failure(reason, "blocked" if is_blocked else "rejected", status=status)


def parse_page(value: Any, endpoint: str, number: int) -> Page:
    """Return the page that was requested, its rows as received.

    Raises AnswerNotUnderstood naming the field; Failure if it is another page, or empty though its
    own totals say otherwise.
    """
    try:
        page = msgspec.convert(value, Page)
        for place, row in enumerate(page.results):
            if type(row.get("id")) is not int:
                raise msgspec.ValidationError(f"Expected `int` - at `$.results[{place}].id`")
    except msgspec.ValidationError as error:
        raise AnswerNotUnderstood(
            f"TMDB's answer to {endpoint}, page {number}, is not a page of a list ({error}): TMDB "
            "or the server at TMDB_API_URL has changed; nothing was written."
        ) from None
    if page.page != number:
        raise Failure(f"page {number} came as page {page.page}")
    if not page.results and page.total_results > 0 and number <= page.total_pages:
        raise Failure(f"page {number} of {page.total_pages} came empty")
    return page


def _hold_seconds(headers: Mapping[str, str], is_rate_limit: bool) -> float:
    """Return the seconds that a Retry-After asks for; of a date, those after the answer's own."""
    try:
        wanted = headers["Retry-After"]
        if wanted.isdecimal():
            return float(wanted)
        until, sent = map(email.utils.parsedate_to_datetime, (wanted, headers["Date"]))
        return (until - sent).total_seconds()
    except (KeyError, TypeError, ValueError, OverflowError):
        return RATE_LIMIT_HOLD_SECONDS if is_rate_limit else 0.0
