"""Classify an answer: TMDB's page, TMDB's error object, or the words of something in between.

A CDN that blocks a country, a captive portal and a proxy that wants a login answer in TMDB's place,
with statuses that TMDB uses too. Only TMDB's own error object says something about the key.
"""

from __future__ import annotations

import datetime
import email.utils
import html
import re
from collections.abc import Callable
from typing import Any, NamedTuple

from pipeline.documents import json_text
from pipeline.tmdb.body import DEEPEST_ANSWER, decode
from pipeline.tmdb.faults import Blocked, KeyRefused, Rejected, Transient

Redact = Callable[[str], str]
"""Takes the credential out of a text."""

KEY_CODES = frozenset({3, 7, 10, 14, 16, 17, 30, 31, 32, 33, 35, 36, 45})
TOO_FAST_CODE = 25
TRANSIENT_CODES = frozenset({9, 11, 15, 24, 43, 46})
SUCCESS_CODES = frozenset({1, 12, 13})
"""TMDB's own numbers (`status_code`), which count before the HTTP status."""

TOO_FAST = 429
TRANSIENT = frozenset({408, 425, TOO_FAST, 500, 502, 503, 504, 520, 521, 522, 523, 524})
BLOCKED = frozenset({401, 403, 407, 451, 511})
"""HTTP statuses that, without TMDB's error object, come from something between here and TMDB."""

MAX_WORDS = 200
"""Characters that are quoted of an answer."""

_TITLE = re.compile(rb"<title[^>]*>(.{1,2000}?)</title", re.IGNORECASE | re.DOTALL)
_SECONDS = re.compile(r"\s*[0-9]+\s*")


class ErrorObject(NamedTuple):
    """TMDB's `{"success": false, "status_code": N, "status_message": "..."}`."""

    code: int
    message: str


def understand(status: int, content_type: str, content: bytes, redact: Redact) -> Any:
    """Return the decoded body of an answer that is no error.

    Raises:
        KeyRefused: TMDB does not accept the credential.
        Transient: TMDB or a gateway asks for another attempt, or a 200 is not JSON.
        Blocked: something between here and TMDB answered.
        Rejected: the request is wrong, or the address is not TMDB's.
    """
    body = _decoded(status, content_type, content)
    error = error_in(body)
    words = _status_words(status, body, redact)
    if error is not None:
        _raise_for_code(error.code, status, words)
    if status == 200 and error is None:
        return body
    if status in TRANSIENT:
        raise Transient(words, too_fast=status == TOO_FAST)
    if error is None:
        _raise_for_stranger(status, content_type, content, redact)
    raise Rejected(words, status)


def error_in(body: Any) -> ErrorObject | None:
    """Return TMDB's error object; None where the body is anything else."""
    if not isinstance(body, dict) or type(body.get("status_code")) is not int:
        return None
    is_error = body.get("success") is False or isinstance(body.get("status_message"), str)
    if not is_error or body.get("success") is True or "results" in body:
        return None
    if body["status_code"] in SUCCESS_CODES:
        return None
    return ErrorObject(body["status_code"], str(body.get("status_message", "")))


def retry_after(value: str | None, date: str | None, now: datetime.datetime) -> float | None:
    """Return the seconds that a Retry-After asks for; None where it is missing or nonsense.

    A point in time is compared with the answer's own Date, so that a wrong clock here does not
    make a minute a day.
    """
    if value is None:
        return None
    try:
        if _SECONDS.fullmatch(value):
            return float(min(int(value), 10**9))
        sent = _moment(date) if date else now
        return max(0.0, (_moment(value) - sent).total_seconds())
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> datetime.datetime:
    moment = email.utils.parsedate_to_datetime(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)


def _decoded(status: int, content_type: str, content: bytes) -> Any:
    if status == 200:
        if is_web_page(content_type, content):
            raise Transient(
                "a 200 whose body is not JSON but a web page: a captive portal, a proxy or a block "
                "may have answered in TMDB's place"
            )
        return decode(content)
    try:
        return json_text.decode(content, DEEPEST_ANSWER)
    except ValueError:
        return None


def _raise_for_code(code: int, status: int, words: str) -> None:
    if code in KEY_CODES or (status == 401 and code != TOO_FAST_CODE):
        raise KeyRefused
    if code == TOO_FAST_CODE or code in TRANSIENT_CODES:
        raise Transient(words, too_fast=code == TOO_FAST_CODE or status == TOO_FAST)


def _raise_for_stranger(status: int, content_type: str, content: bytes, redact: Redact) -> None:
    """Raise for an answer without TMDB's error object whose status tells who gave it."""
    if status == 401 and not _is_text(content_type, content):
        raise KeyRefused
    page = is_web_page(content_type, content)
    seen = f"HTTP status {status}{_title(content, redact) if page else ''}"
    if status in BLOCKED:
        raise Blocked(seen)
    if 300 <= status < 400 and status != 304:
        raise Rejected(f"{seen}, a redirect, which TMDB never sends", status, by_tmdb=False)
    if page:
        raise Rejected(f"{seen} and a web page, which TMDB never sends", status, by_tmdb=False)


def _is_text(content_type: str, content: bytes) -> bool:
    """Whether the body is a text or a web page: TMDB and those who imitate it answer JSON."""
    if not content.strip():
        return False
    try:
        json_text.decode(content, DEEPEST_ANSWER)
    except ValueError:
        return True
    return False


def is_web_page(content_type: str, content: bytes) -> bool:
    """Whether the body is HTML, by what it says or by how it begins."""
    begin = content[:64].removeprefix(b"\xef\xbb\xbf").lstrip()
    return (
        bool(begin)
        and ("html" in content_type.lower() or begin.startswith(b"<"))
        and (not begin.startswith((b"{", b"[")))
    )


def _title(content: bytes, redact: Redact) -> str:
    found = _TITLE.search(content[:65_536])
    if not found:
        return ""
    text = html.unescape(found[1].decode("utf-8", errors="replace"))
    return f" ({_one_line(text, redact)})"


def _status_words(status: int, body: Any, redact: Redact) -> str:
    """Return the status, and in brackets TMDB's words where there are some."""
    words = f"HTTP status {status}"
    if not isinstance(body, dict) or "status_message" not in body:
        return words
    return f"{words} ({_one_line(str(body['status_message']), redact)})"


def _one_line(text: str, redact: Redact) -> str:
    return redact(" ".join(text.split()))[:MAX_WORDS]
