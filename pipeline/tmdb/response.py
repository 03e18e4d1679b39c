"""Classify an answer: a page, TMDB's error object, or the text of something in between.

A CDN that blocks a country, a captive portal and a proxy that wants a login answer in TMDB's place,
with statuses that TMDB uses too. Only TMDB's own error object says something about the key.
"""

from __future__ import annotations

import datetime
import email.utils
import html
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from pipeline import clock
from pipeline.errors import AnswerNotUnderstood
from pipeline.tmdb import body, errors
from pipeline.tmdb.errors import Endpoint, Transient
from pipeline.tmdb.page import Page

# TMDB's own numbers (`status_code`), which count before the HTTP status.
KEY_CODES = frozenset({3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 45})
RATE_LIMIT_CODE = 25
TRANSIENT_CODES = frozenset({9, 11, 15, 24, 43, 46})
SUCCESS_CODES = frozenset({1, 12, 13})

RATE_LIMIT_STATUS = 429
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
# HTTP statuses that, without TMDB's error object, come from something between here and TMDB.
BLOCKED_STATUSES = frozenset({401, 403, 407, 451, 511})

MAX_QUOTED_LENGTH = 200
"""Highest number of characters of an answer that an error quotes."""

_TITLE = re.compile(rb"<title[^>]*>(.{1,2000}?)</title", re.IGNORECASE | re.DOTALL)
_SECONDS = re.compile(r"\s*[0-9]+\s*")
_FIELD = re.compile(r"at `\$\.?(.*)`$|field `(.*)`$")


class RawResponse(NamedTuple):
    """An HTTP answer whose body has been read; names of headers are case-insensitive."""

    status: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def is_web_page(self) -> bool:
        """Whether the body is HTML, by its header or by how it begins."""
        begin = self.content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
        says_html = "html" in self.headers.get("Content-Type", "").lower()
        return bool(begin) and begin[:1] not in b"{[" and (says_html or begin[:1] == b"<")


def parse(response: RawResponse, endpoint: Endpoint) -> Any:
    """Return the decoded body of an answer that is no error.

    Raises:
        CredentialRefused: TMDB does not accept the credential.
        Transient: TMDB or a gateway asks for another attempt, or a 200 is not JSON.
        TmdbBlocked: something between here and TMDB answered.
        RequestRejected: the request is wrong, or the address is not TMDB's.
    """
    status, content = response.status, response.content
    try:
        value = body.decode(content)
        is_json = True
    except ValueError:
        value, is_json = None, False
    code = error_code(value)
    if status == 200 and is_json and code is None:
        return value
    reason = f"HTTP status {status}"
    if isinstance(value, dict) and "status_message" in value:
        reason += f" ({_quoted(str(value['status_message']), endpoint)})"
    if code in KEY_CODES or (status == 401 and code not in (None, RATE_LIMIT_CODE)):
        raise errors.refused(endpoint)
    if code == RATE_LIMIT_CODE or code in TRANSIENT_CODES or status in TRANSIENT_STATUSES:
        is_rate_limit = code == RATE_LIMIT_CODE or status == RATE_LIMIT_STATUS
        raise Transient(reason, rate_limited=is_rate_limit)
    if code is None:
        _raise_for_foreign_answer(response, endpoint, is_json=is_json)
    raise errors.rejected(endpoint, reason, status, by_tmdb=True)


def error_code(value: Any) -> int | None:
    """Return the number in TMDB's error object; None if the body is anything else.

    The object is `{"success": false, "status_code": N, "status_message": "..."}`.
    """
    if not isinstance(value, dict) or type(value.get("status_code")) is not int:
        return None
    is_error = value.get("success") is False or isinstance(value.get("status_message"), str)
    if not is_error or value.get("success") is True or "results" in value:
        return None
    code: int = value["status_code"]
    return None if code in SUCCESS_CODES else code


def parse_page(value: Any, endpoint: str, number: int) -> Page:
    """Return the page that was requested.

    Raises:
        AnswerNotUnderstood: a field is missing or of another type; the error names it.
        Transient: it is another page, or empty though its own totals say otherwise. TMDB caches
            pages one by one, and the next answer may be right.
    """
    try:
        page = msgspec.convert(value, Page)
        for index, row in enumerate(page.results):
            if type(row.get("id")) is not int:
                raise msgspec.ValidationError(f"Expected `int` - at `$.results[{index}].id`")
    except msgspec.ValidationError as error:
        field = _FIELD.search(str(error))
        raise AnswerNotUnderstood(
            f"TMDB's answer to {endpoint}, page {number}, is not a page of a list ({error}): TMDB "
            "or the server at TMDB_API_URL has changed; nothing was written.",
            field=(field[1] or field[2]) if field else "",
        ) from None
    if page.page != number:
        raise Transient(f"page {number} came as page {page.page}")
    if not page.results and page.total_results > 0 and number <= page.total_pages:
        raise Transient(f"page {number} of {page.total_pages} came empty")
    return page


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that a Retry-After asks for; None if it is missing or nonsense.

    A point in time is compared with the answer's own Date, so that a wrong clock here does not
    turn a minute into a day.
    """
    value, date = headers.get("Retry-After"), headers.get("Date")
    if value is None:
        return None
    try:
        if _SECONDS.fullmatch(value):
            return float(min(int(value), 10**9))
        sent = _instant(date) if date else clock.instant()
        return max(0.0, (_instant(value) - sent).total_seconds())
    except (ValueError, OverflowError):
        return None


def _instant(text: str) -> datetime.datetime:
    instant = email.utils.parsedate_to_datetime(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=datetime.UTC)


def _raise_for_foreign_answer(response: RawResponse, endpoint: Endpoint, *, is_json: bool) -> None:
    """Raise for an answer without TMDB's error object whose status or form tells its author."""
    status, is_page = response.status, response.is_web_page
    if status == 200:
        advice = " but a web page: a captive portal, a proxy or a block may have answered"
        raise Transient(f"a 200 whose body is not JSON{advice if is_page else ''}")
    if status == 401 and (is_json or not response.content.strip()):
        raise errors.refused(endpoint)
    title = _TITLE.search(response.content[:65_536]) if is_page else None
    reason = f"HTTP status {status}"
    if title:
        text = html.unescape(title[1].decode("utf-8", errors="replace"))
        reason += f" ({_quoted(text, endpoint)})"
    if status in BLOCKED_STATUSES:
        raise errors.blocked(endpoint, reason)
    if 300 <= status < 400 and status != 304:
        reason += ", a redirect, which TMDB never sends"
        raise errors.rejected(endpoint, reason, status, by_tmdb=False)
    if is_page:
        reason += " and a web page, which TMDB never sends"
        raise errors.rejected(endpoint, reason, status, by_tmdb=False)


def _quoted(text: str, endpoint: Endpoint) -> str:
    return endpoint.credential.redact(" ".join(text.split()))[:MAX_QUOTED_LENGTH]
