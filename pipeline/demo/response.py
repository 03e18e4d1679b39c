"""HTTP responses of the demo catalogue, and TMDB's error documents."""

import json
from typing import NamedTuple

# Every response carries this header, so that made-up data is recognized behind any address.
_HEADERS = {"Content-Type": "application/json;charset=utf-8", "X-Catalogue": "demo"}

_ERRORS = {
    7: (401, "Invalid API key: You must be granted a valid key."),
    22: (
        400,
        "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer.",
    ),
    34: (404, "The resource you requested could not be found."),
}


class Response(NamedTuple):
    """An HTTP response: status, headers, and a JSON body in UTF-8."""

    status: int
    headers: dict[str, str]
    body: bytes


def json_response(document: object, status: int = 200) -> Response:
    """Return a response with a document."""
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, _HEADERS, body)


def error(code: int) -> tuple[int, dict[str, object]]:
    """Return the HTTP status and the document of a TMDB error: code 7, 22 or 34."""
    status, message = _ERRORS[code]
    return status, {"success": False, "status_code": code, "status_message": message}


def error_response(code: int) -> Response:
    """Return the response for a TMDB error code."""
    status, document = error(code)
    return json_response(document, status)
