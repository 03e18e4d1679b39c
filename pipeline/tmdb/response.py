"""From the bytes of an answer to a page of a list, or to the failure that the answer means.

A CDN that blocks a country, a captive portal and a proxy that wants a login answer in TMDB's place,
with statuses that TMDB uses too. Only TMDB's own error object says something about the key.
"""

from __future__ import annotations

import contextlib
import email.utils
import gzip
import io
import json
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

# Highest size of an unpacked body. A page of a list has some 20,000 bytes.
MAX_BODY_BYTES = 8 * 1024 * 1024
# Longest time for a whole body, even if bytes keep coming.
MAX_BODY_SECONDS = 60.0
# Highest number of characters of an answer that an error quotes.
MAX_QUOTED_LENGTH = 200
# Seconds for which nothing is sent after a rate limit error that names no time.
RATE_LIMIT_HOLD_SECONDS = 1.0

# TMDB's own numbers (`status_code`), which count before the HTTP status.
KEY_CODES = frozenset({3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 45})
RATE_LIMIT_CODE = 25
TRANSIENT_CODES = frozenset({9, 11, 15, 24, RATE_LIMIT_CODE, 43, 46})

TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# HTTP statuses that, without TMDB's error object, come from something between here and TMDB.
BLOCKED_STATUSES = frozenset({401, 403, 407, 451, 511})


class RawResponse(NamedTuple):
    """An HTTP answer whose body has been read."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class _ErrorObject(msgspec.Struct):
    status_code: int
    status_message: str = ""
    success: bool = False


class _Rows(msgspec.Struct):
    results: list[_Row]


class _Row(msgspec.Struct):
    id: int


def read(stream: urllib3.BaseHTTPResponse) -> bytes:
    """Return the whole body, unpacked; raise Failure if it is too large, too slow or damaged."""
    deadline, content = clock.monotonic() + MAX_BODY_SECONDS, b""
    while len(content) <= MAX_BODY_BYTES and (chunk := stream.read1(65_536, decode_content=True)):
        content += chunk
        if clock.monotonic() > deadline:
            raise Failure(f"no whole answer within {MAX_BODY_SECONDS:.0f} s")
    if content.startswith(b"\x1f\x8b"):  # TMDB's CDN sent it unannounced for two days in May 2026
        try:
            content = gzip.GzipFile(fileobj=io.BytesIO(content)).read(MAX_BODY_BYTES + 1)
        except (OSError, EOFError, zlib.error):
            raise Failure("a damaged gzip body") from None
    if len(content) > MAX_BODY_BYTES:
        raise Failure(f"{MAX_BODY_BYTES // 2**20} MiB", "too large")
    return content


def decode(content: bytes) -> Any:
    """Decode JSON, or raise ValueError; a lone surrogate, which UTF-8 cannot hold, is U+FFFD."""
    value = json_text.decode(content)
    text = json.dumps(value, ensure_ascii=False)
    try:
        text.encode()
    except UnicodeEncodeError:
        value = json.loads(text.encode("utf-16", "surrogatepass").decode("utf-16", "replace"))
    return value


def parse(response: RawResponse, credential: Credential) -> Any:
    """Return the decoded body of an answer that is no error, or raise Failure."""
    status, value, error, is_json = response.status, None, None, False
    with contextlib.suppress(ValueError):
        value, is_json = decode(response.content), True
        error = msgspec.convert(value, _ErrorObject)
    if status == 200 and is_json and (error is None or error.success):
        return value
    reason, code = f"HTTP status {status}", None
    if error is not None:
        words = credential.redact(" ".join(error.status_message.split()))
        reason, code = f"{reason} ({words[:MAX_QUOTED_LENGTH]})", error.status_code
    # A 401 of TMDB holds its error object, but for its rate limit; it may also be bare.
    is_of_tmdb = code != RATE_LIMIT_CODE if error else is_json or not response.content.strip()
    if code in KEY_CODES or (status == 401 and is_of_tmdb):
        raise Failure(reason, "refused", status=status)
    if code in TRANSIENT_CODES or status in TRANSIENT_STATUSES:
        is_rate_limit = code == RATE_LIMIT_CODE or status == 429
        usual = RATE_LIMIT_HOLD_SECONDS if is_rate_limit else 0.0
        raise Failure(reason, hold_seconds=_hold_seconds(response.headers, usual))
    if error is None and status == 200:
        raise Failure("a 200 whose body is not JSON, as of a captive portal, a proxy or a block")
    is_blocked = error is None and status in BLOCKED_STATUSES
    raise Failure(reason, "blocked" if is_blocked else "rejected", status=status)


def parse_page(value: Any, endpoint: str, number: int) -> Page:
    """Return the page that was requested, its rows as received.

    Raises AnswerNotUnderstood that names the field, or Failure if it is another page, or empty
    though its own totals say otherwise.
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
        raise Failure(f"page {number} came as page {page.page}")
    if not page.results and page.total_results > 0 and number <= page.total_pages:
        raise Failure(f"page {number} of {page.total_pages} came empty")
    return page


def _hold_seconds(headers: Mapping[str, str], usual: float) -> float:
    """Return the seconds that a Retry-After asks for; of a date, those after the answer's own."""
    wanted = headers.get("Retry-After", "")
    try:
        if wanted.isdecimal():
            return float(wanted)
        until, sent = map(email.utils.parsedate_to_datetime, (wanted, headers["Date"]))
        return (until - sent).total_seconds()
    except (KeyError, TypeError, ValueError, OverflowError):
        return usual
