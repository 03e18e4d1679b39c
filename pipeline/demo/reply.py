"""What the catalogue answers with, and the error documents it has in common with TMDB."""

import json
from dataclasses import dataclass, field
from hashlib import blake2b

MARK = "X-Catalogue"
"""The header by which a client knows made-up data for what it is."""

_ERRORS = {
    7: (401, "Invalid API key: You must be granted a valid key."),
    22: (
        400,
        "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer.",
    ),
    25: (429, "Your request count is over the allowed limit."),
    34: (404, "The resource you requested could not be found."),
}


@dataclass(frozen=True)
class Reply:
    """One whole HTTP answer: status, headers, and a UTF-8 JSON body."""

    status: int
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""


def _encoded(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def document_reply(document: object, max_age_seconds: int) -> Reply:
    """A 200 that may be cached, with a weak ETag made from the body."""
    body = _encoded(document)
    tag = blake2b(body, digest_size=16).hexdigest()
    headers = {
        "Content-Type": "application/json;charset=utf-8",
        "Cache-Control": f"public, max-age={max_age_seconds}",
        "ETag": f'W/"{tag}"',
        MARK: "demo",
    }
    return Reply(200, headers, body)


def error_reply(code: int) -> Reply:
    """The answer for one of TMDB's own error codes: 7, 22, 25 or 34."""
    status, message = _ERRORS[code]
    body = _encoded({"success": False, "status_code": code, "status_message": message})
    return Reply(status, {"Content-Type": "application/json;charset=utf-8", MARK: "demo"}, body)
