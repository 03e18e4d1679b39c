"""Faults of the content: complete responses with wrong content."""

from collections.abc import Callable, Mapping
from typing import Any

from support.fake_tmdb.catalogue import error_document
from support.fake_tmdb.faults import Fault
from support.fake_tmdb.wire import HTML_TYPE, JSON_TYPE, Reply, json_reply

_HTML = b"<html><body><h1>Something went wrong</h1></body></html>"


def status(code: int, body: bytes = _HTML, headers: Mapping[str, str] | None = None) -> Fault:
    """Send any status, with an HTML body as from a CDN."""
    reply = Reply(code, body, {"Content-Type": HTML_TYPE, **(headers or {})})
    return _replace_with(f"status {code}", reply)


def error(http_status: int, code: int, message: str = "A message of TMDB.") -> Fault:
    """Send TMDB's error document; `code` is TMDB's, not the HTTP status."""
    return _replace_with(f"error {code}", json_reply(http_status, error_document(code, message)))


def refused(http_status: int = 401) -> Fault:
    """Send TMDB's answer to an invalid key."""
    return error(http_status, 7, "Invalid API key: You must be granted a valid key.")


def blocked(http_status: int = 403) -> Fault:
    """Send the answer of TMDB's CDN to a blocked country."""
    page = (
        b"<!DOCTYPE HTML><HTML><HEAD><TITLE>ERROR: The request could not be satisfied</TITLE>"
        b"</HEAD><BODY><H1>403 ERROR</H1>The Amazon CloudFront distribution is configured to "
        b"block access from your country.</BODY></HTML>"
    )
    return status(http_status, page)


def too_many(retry_after: str | None = None) -> Fault:
    """Send 429; the header can be missing, seconds, an HTTP date, or invalid."""
    reply = too_many_reply(40)
    if retry_after is not None:
        reply = reply.with_headers(Retry_After=retry_after)
    return _replace_with("too many", reply)


def too_many_reply(limit: float) -> Reply:
    message = f"Your request count ({limit + 1:g}) is over the allowed limit of {limit:g}."
    return json_reply(429, error_document(25, message))


def html_ok() -> Fault:
    """Send 200 with a web page, as a captive portal or a proxy does."""
    return _replace_with("html ok", Reply(200, _HTML, {"Content-Type": HTML_TYPE}))


def not_json(body: bytes = b'{"page": 1, "results": [') -> Fault:
    """Send 200 with a body that is not JSON."""
    return _replace_with("not json", Reply(200, body, {"Content-Type": JSON_TYPE}))


def json_body(document: object) -> Fault:
    """Send 200 with any JSON document."""
    return _replace_with("json body", json_reply(200, document))


def redirect(location: str) -> Fault:
    """Send 302; a client must not send its credential to another host."""
    reply = Reply(302, b"", {"Content-Type": HTML_TYPE}).with_headers(Location=location)
    return _replace_with("redirect", reply)


def edit(change: Callable[[dict[str, Any]], object]) -> Fault:
    """Change the normal document in place, or return another one."""

    def edited(reply: Reply) -> Reply:
        document = reply.document
        returned = change(document)
        return reply.with_document(returned if isinstance(returned, dict) else document)

    return Fault("edit", change=edited)


def empty_page() -> Fault:
    """Send a page without rows although total_pages promises more."""
    return Fault(
        "empty page", change=lambda reply: reply.with_document(reply.document | {"results": []})
    )


def _replace_with(name: str, reply: Reply) -> Fault:
    return Fault(name, change=lambda _normal: reply)
