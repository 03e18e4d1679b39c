"""A minimal HTTP/1.1: read a request, format a reply."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlsplit

JSON_TYPE = "application/json; charset=utf-8"
HTML_TYPE = "text/html; charset=utf-8"
_MAX_LINE_BYTES = 65536


class InvalidRequestError(Exception):
    """The received bytes are not an HTTP request."""


@dataclass(frozen=True)
class IncomingRequest:
    """A complete request."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    keep_alive: bool


def read_request(stream: BinaryIO) -> IncomingRequest | None:
    """Return the next request of a connection, or None if the client has closed it."""
    line = stream.readline(_MAX_LINE_BYTES)
    if not line.endswith(b"\n"):
        return None
    try:
        method, target, version = line.decode("ascii").split()
        fields = http.client.parse_headers(stream)
        length = int(fields.get("Content-Length", "0"))
    except (ValueError, http.client.HTTPException) as error:
        raise InvalidRequestError(repr(line)) from error
    stream.read(length)
    parts = urlsplit(target)
    headers = {name.title(): value for name, value in fields.items()}
    wants_close = headers.get("Connection", "").lower() == "close"
    return IncomingRequest(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        keep_alive=version == "HTTP/1.1" and not wants_close,
    )


@dataclass(frozen=True)
class Reply:
    """Status, headers and body of a response; a fault decides how they are sent."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    def with_document(self, document: object) -> "Reply":
        return replace(self, body=encode_json(document))

    def with_headers(self, **headers: str) -> "Reply":
        """Add headers; an underscore in a name becomes a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def head(self, framing: str | None = None) -> bytes:
        """Return status line and headers; `framing` is the header that delimits the body."""
        lines = [
            f"HTTP/1.1 {self.status} {_reason(self.status)}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            framing or f"Content-Length: {len(self.body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def encode(self) -> bytes:
        return self.head() + self.body


def json_reply(status: int, document: object) -> Reply:
    return Reply(status, encode_json(document), {"Content-Type": JSON_TYPE})


def encode_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
