"""Faults that travel well and say the wrong thing."""

from collections.abc import Callable, Mapping
from typing import Any

from support.fake_tmdb.catalogue import refusal
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.wire import HTML_TYPE, JSON_TYPE, Reply, json_reply

_HTML = b"<html><body><h1>Something went wrong</h1></body></html>"


def status(code: int, body: bytes = _HTML, headers: Mapping[str, str] | None = None) -> Fault:
    """Any status, with an HTML body as a CDN sends it."""
    reply = Reply(code, body, {"Content-Type": HTML_TYPE, **(headers or {})})
    return _instead(f"status {code}", reply)


def error(http_status: int, code: int, message: str = "As TMDB says it.") -> Fault:
    """TMDB's own error object: `code` is its number, whatever the HTTP status."""
    return _instead(f"error {code}", json_reply(http_status, refusal(code, message)))


def refused(http_status: int = 401) -> Fault:
    """TMDB's answer to a key that it does not know."""
    return error(http_status, 7, "Invalid API key: You must be granted a valid key.")


def blocked(http_status: int = 403) -> Fault:
    """What TMDB's CDN answers to a country that it does not serve."""
    page = (
        b"<!DOCTYPE HTML><HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE>"
        b"</HEAD><BODY><H1>403 ERROR</H1>The Amazon CloudFront distribution is configured to "
        b"block access from your country.</BODY></HTML>"
    )
    return status(http_status, page)


def too_many(retry_after: str | None = None) -> Fault:
    """429; the header may be missing, seconds, an HTTP date, or nonsense."""
    reply = too_many_reply(40)
    if retry_after is not None:
        reply = reply.with_headers(Retry_After=retry_after)
    return _instead("too many", reply)


def too_many_reply(limit: float) -> Reply:
    why = f"Your request count ({limit + 1:g}) is over the allowed limit of {limit:g}."
    return json_reply(429, refusal(25, why))


def html_ok() -> Fault:
    """200 with a web page: a captive portal, a proxy, a maintenance notice."""
    return _instead("html ok", Reply(200, _HTML, {"Content-Type": HTML_TYPE}))


def not_json(body: bytes = b'{"page": 1, "results": [') -> Fault:
    """200, called JSON, and none."""
    return _instead("not json", Reply(200, body, {"Content-Type": JSON_TYPE}))


def json_body(document: object) -> Fault:
    """200 with any JSON."""
    return _instead("json body", json_reply(200, document))


def redirect(location: str) -> Fault:
    """302: a client must not carry its credential to another host."""
    reply = Reply(302, b"", {"Content-Type": HTML_TYPE}).with_headers(Location=location)
    return _instead("redirect", reply)


def edit(change: Callable[[dict[str, Any]], object]) -> Fault:
    """Changes the normal document: in place, or by returning another dictionary."""

    def edited(reply: Reply) -> Reply:
        document = reply.document
        returned = change(document)
        return reply.with_document(returned if isinstance(returned, dict) else document)

    return Fault("edit", change=edited)


def empty_page() -> Fault:
    """No rows, though total_pages says that more follow."""
    return Fault(
        "empty page", change=lambda reply: reply.with_document(reply.document | {"results": []})
    )


def _instead(name: str, reply: Reply) -> Fault:
    return Fault(name, change=lambda _normal: reply)
