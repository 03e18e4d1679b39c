"""Every kind of fault that a network can have, and how a run that meets it has to end."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable, Iterator
from email.utils import formatdate
from typing import Any, NamedTuple

import support.fake_tmdb as fake
from support.fake_tmdb import FakeTmdb, Fault
from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.wire import Reply

SILENCE_SECONDS = 30.0
"""Longer than any run in a hurry waits; a silent server stops being so when it is shut down."""

DRIP_SECONDS = 0.05
"""Between two bytes. A run in a hurry waits so little that this is a byte a second to it."""


class Cure(enum.Enum):
    """What helps against a fault."""

    RETRY = "asked again: complete if the fault passes, else failed after the last attempt"
    NOTHING = "not asked again: failed at once, the other lists whole"
    KEY = "not asked again: failed at once, and nothing else is asked"
    WAY = "as KEY: something between here and TMDB answers"
    TIME = "as KEY, and a later run asks nothing either until the time is over"
    NEEDLESS = "no fault for us: complete, not asked again"


class Kind(NamedTuple):
    """One kind of fault: its row in the table, its cure, and a part of its message."""

    name: str
    group: str
    cure: Cure
    message: str
    fault: Callable[[FakeTmdb], Fault]
    passes: bool = True
    """Whether the server is there again for the next request."""
    hits_next_connection: bool = False
    """Whether an attempt may fail before the server sees its request."""


def _kinds() -> Iterator[Kind]:
    yield from _of_connections()
    yield from _of_silence()
    yield from _of_encoding()
    yield from _of_content()
    yield from _of_shape()
    yield from _of_redirects()
    yield from _of_statuses()


def _of_connections() -> Iterator[Kind]:
    group = "connection refused: from the start, during the run"
    yield Kind("gone during the run", group, Cure.RETRY, "refused", _gone, passes=False)
    group = "reset on accept"
    fault = _reset_and_the_next_connection
    yield Kind(group, group, Cure.RETRY, "reset", fault, hits_next_connection=True)
    group = "reset after the request, in the head, inside the body"
    yield Kind("reset after the request", group, Cure.RETRY, "reset", _always(fake.reset()))
    yield Kind("reset in the head", group, Cure.RETRY, "reset", _always(fake.reset_in_head()))
    yield Kind("reset inside the body", group, Cure.RETRY, "reset", _always(fake.reset_mid_body()))
    group = "closed without an answer, cut body, cut chunks"
    closed = "closed without an answer"
    yield Kind("closed", group, Cure.RETRY, closed, _always(fake.no_answer()))
    yield Kind("cut body", group, Cure.RETRY, "cut short", _always(fake.cut_body()))
    yield Kind("cut chunks", group, Cure.RETRY, "cut short", _always(fake.cut_chunked()))
    group = "Content-Length of half the body"
    yield Kind("wrong length", group, Cure.RETRY, "not JSON", _always(fake.wrong_length()))


def _of_silence() -> Iterator[Kind]:
    group = "silence before the head, inside the body"
    silence, inside = fake.hang(SILENCE_SECONDS), fake.hang_mid_body(SILENCE_SECONDS)
    yield Kind("silence before the head", group, Cure.RETRY, "no answer in time", _always(silence))
    yield Kind("silence inside the body", group, Cure.RETRY, "no answer in time", _always(inside))
    group = "a drip: the head, the body"
    head, body = fake.slow_headers(SILENCE_SECONDS / 10), fake.slow_body(DRIP_SECONDS)
    yield Kind("a dripping head", group, Cure.RETRY, "no answer in time", _always(head))
    yield Kind("a byte a second", group, Cure.RETRY, "no whole answer within", _always(body))


def _of_encoding() -> Iterator[Kind]:
    group = "corrupt gzip, cut gzip"
    yield Kind("corrupt gzip", group, Cure.RETRY, "damaged gzip", _always(fake.corrupt_gzip()))
    yield Kind("cut gzip", group, Cure.RETRY, "gzip", _always(fake.cut_gzip()))
    group = "gzip unannounced"
    yield Kind("gzip unannounced", group, Cure.NEEDLESS, "", _always(fake.gzip_unannounced()))


def _of_content() -> Iterator[Kind]:
    group = "200 with HTML, half a JSON, nothing"
    yield Kind("HTML", group, Cure.RETRY, "not JSON", _always(fake.html_ok()))
    yield Kind("half a JSON", group, Cure.RETRY, "not JSON", _always(fake.not_json()))
    yield Kind("an empty body", group, Cure.RETRY, "not JSON", _always(fake.not_json(b"")))
    group = "another page, an empty page"
    another = fake.edit(lambda document: document | {"page": document["page"] + 40})
    yield Kind("another page", group, Cure.RETRY, "came as page", _always(another))
    yield Kind("an empty page", group, Cure.RETRY, "came empty", _always(fake.empty_page()))
    group = "an empty page that denies the list"
    denial = {"results": [], "total_pages": 1, "total_results": 0}
    denied = fake.edit(lambda document: document | denial)
    yield Kind(group, group, Cure.NOTHING, "came back without a single movie", _always(denied))


_NO_OBJECT = "no object, a movie that is none, its id"


def _of_shape() -> Iterator[Kind]:
    for name, document in (("null", None), ("a list", []), ("a text", "movies")):
        fault = fake.json_body(document)
        yield Kind(f"{name} as JSON", _NO_OBJECT, Cure.NOTHING, "Expected `object`", _always(fault))
    for field, other in (
        ("page", "1"),
        ("results", {}),
        ("total_pages", 500.0),
        ("total_results", True),
    ):
        for name, change in _spoilt(field, other):
            message = f"{field}`"
            fault = fake.edit(change)
            yield Kind(
                f"{field} {name}", f"shape of {field}", Cure.NOTHING, message, _always(fault)
            )
    for name, movie in (("null", None), ("a number", 7)):
        fault = fake.edit(_with_film(movie))
        message = "`$.results[3]`"
        yield Kind(f"{name} as a movie", _NO_OBJECT, Cure.NOTHING, message, _always(fault))
    for name, change in _spoilt("id", "7"):
        fault = fake.edit(_on_a_film(change))
        message = "`$.results[3]"
        yield Kind(f"id {name}", _NO_OBJECT, Cure.NOTHING, message, _always(fault))


def _of_redirects() -> Iterator[Kind]:
    group = "redirect elsewhere, to itself"
    rejected = "HTTP status 302"
    yield Kind("redirect elsewhere", group, Cure.NOTHING, rejected, _redirect("/elsewhere"))
    yield Kind("redirect to itself", group, Cure.NOTHING, rejected, _redirect(""))


def _of_statuses() -> Iterator[Kind]:
    group = "TMDB refuses the key: 401, 403, 404, 200"
    for code in (401, 403, 404, 200):
        name = f"{code}" if code in (401, 403) else f"{code} that refuses the key"
        yield Kind(name, group, Cure.KEY, "refuses the v3 key", _always(fake.refused(code)))
    group = "401, 403, 407, 451, 511 of something in between"
    for code in (401, 403, 407, 451, 511):
        words = f"in the way (HTTP status {code})"
        fault = _always(fake.blocked(code))
        yield Kind(f"{code} of something in between", group, Cure.WAY, words, fault)
    group = "TMDB's codes 11, 25, 43, 46 with 200 and 404"
    for code in (11, 25, 43, 46):
        for status in (200, 404):
            fault = _always(fake.error(status, code))
            words = f"HTTP status {status} (A message of TMDB.)"
            yield Kind(f"code {code} with {status}", group, Cure.RETRY, words, fault)
    for code in (400, 404, 422):
        message = f"HTTP status {code}"
        yield Kind(f"{code}", "400, 404, 422", Cure.NOTHING, message, _status(code))
    for code in (408, 500, 502, 503, 504, 520, 521, 522, 523, 524):
        group = "408, 500, 502, 503, 504, 520 to 524"
        yield Kind(f"{code}", group, Cure.RETRY, f"HTTP status {code}", _status(code))
    group = "429: bare, Retry-After 0, 1, 3600, a date, nonsense"
    for name, value in RETRY_AFTER.items():
        fault = _too_many(value)
        name = f"429 {name}".strip()
        if name in LONGER_THAN_A_RUN_WAITS:
            yield Kind(name, group, Cure.TIME, "asks to wait until", fault)
        else:
            yield Kind(name, group, Cure.RETRY, "HTTP status 429", fault)


RETRY_AFTER: dict[str, Callable[[], str | None]] = {
    "": lambda: None,
    "after 0": lambda: "0",
    "after 1": lambda: "1",
    "after 3600": lambda: "3600",
    "after a date": lambda: formatdate(time.time() + 3600, usegmt=True),
    "after a past date": lambda: "Fri, 31 Dec 1999 23:59:59 GMT",
    "after nonsense": lambda: "soon",
}

LONG_PAUSES = {"429 after 1": 1.0}
"""How long the run has to wait where TMDB asks for it."""

LONGER_THAN_A_RUN_WAITS = {"429 after 3600", "429 after a date"}


def _always(fault: Fault) -> Callable[[FakeTmdb], Fault]:
    return lambda _tmdb: fault


def _status(code: int) -> Callable[[FakeTmdb], Fault]:
    return _always(fake.status(code))


def _too_many(retry_after: Callable[[], str | None]) -> Callable[[FakeTmdb], Fault]:
    return lambda _tmdb: fake.too_many(retry_after())


def _redirect(path: str) -> Callable[[FakeTmdb], Fault]:
    """To another place, or with no path to the very address that was asked for (RFC 3986, 4.4)."""
    return lambda tmdb: fake.redirect(tmdb.url + path if path else "")


def _reset_and_the_next_connection(tmdb: FakeTmdb) -> Fault:
    """The request's connection is reset, and so is the next before it can ask anything."""

    def deliver(exchange: Exchange, _reply: Reply) -> None:
        tmdb.reset_next_connections(1)
        exchange.reset()

    return Fault("reset on accept", deliver=deliver, silent=True)


def _gone(tmdb: FakeTmdb) -> Fault:
    """The server dies of the request."""
    return Fault("gone", deliver=lambda _exchange, _reply: tmdb.vanish(), silent=True)


Change = Callable[[dict[str, Any]], Any]


def _spoilt(field: str, other: object) -> Iterator[tuple[str, Change]]:
    """A field in each way in which it may not be there."""
    yield "missing", lambda document: document.pop(field) and None
    yield "null", lambda document: document.update({field: None})
    yield "of another type", lambda document: document.update({field: other})


def _on_a_film(change: Change) -> Change:
    return lambda document: change(document["results"][3]) and None


def _with_film(movie: object) -> Change:
    return lambda document: document["results"].__setitem__(3, movie)


KINDS = {kind.name: kind for kind in _kinds()}
