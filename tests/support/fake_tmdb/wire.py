"""HTTP/1.1 by hand, as little as TMDB needs: reading a request, spelling out a reply."""

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
_LONGEST_LINE = 65536


class BadRequestError(Exception):
    """The bytes that came are no HTTP request."""


@dataclass(frozen=True)
class Asked:
    """A request, read to its end."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    keep_alive: bool


def read_request(stream: BinaryIO) -> Asked | None:
    """The next request of a connection; None when the client has hung up."""
    line = stream.readline(_LONGEST_LINE)
    if not line.endswith(b"\n"):
        return None
    try:
        method, target, version = line.decode("ascii").split()
        fields = http.client.parse_headers(stream)
        unread = int(fields.get("Content-Length", "0"))
    except (ValueError, http.client.HTTPException) as error:
        raise BadRequestError(repr(line)) from error
    stream.read(unread)
    parts = urlsplit(target)
    headers = {name.title(): value for name, value in fields.items()}
    wants_close = headers.get("Connection", "").lower() == "close"
    return Asked(
        method=method,
        path=parts.path,
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        keep_alive=version == "HTTP/1.1" and not wants_close,
    )


@dataclass(frozen=True)
class Reply:
    """A status, headers and a body; how they travel is the business of a delivery."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        return json.loads(self.body)

    def with_document(self, document: object) -> "Reply":
        return replace(self, body=as_json(document))

    def with_headers(self, **headers: str) -> "Reply":
        """Adds headers; an underscore in a name stands for a dash."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def head(self, framing: str | None = None) -> bytes:
        """Status line and headers; `framing` tells where the body ends, normally its length."""
        lines = [
            f"HTTP/1.1 {self.status} {_reason(self.status)}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in self.headers.items()),
            framing or f"Content-Length: {len(self.body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")

    def whole(self) -> bytes:
        return self.head() + self.body


def json_reply(status: int, document: object) -> Reply:
    return Reply(status, as_json(document), {"Content-Type": JSON_TYPE})


def as_json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
