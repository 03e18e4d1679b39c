"""A small HTTP server for the demo catalogue; `python -m pipeline.demo` starts it."""

import argparse
import signal
import socketserver
import sys
from collections.abc import Callable, Sequence
from datetime import date
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from pipeline.clock import today
from pipeline.demo.api import answer
from pipeline.demo.response import error_response

_BASE_PATH = "/3"
_NOT_FOUND = 34


class DemoServer(socketserver.ThreadingTCPServer):
    """Serve the demo catalogue on 127.0.0.1, to any client: no credential is checked."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, port: int = 0, read_day: Callable[[], date] = today) -> None:
        """Listen on a port, or on a free one for port 0.

        Raises:
            OSError: the port is in use.
            OverflowError: there is no such port.
        """
        self.read_day = read_day
        super().__init__(("127.0.0.1", port), _Handler)
        self.port: int = self.server_address[1]

    @property
    def url(self) -> str:
        """The value for TMDB_API_URL."""
        return f"http://127.0.0.1:{self.port}{_BASE_PATH}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that closed its connection; print other errors."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: DemoServer
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 18  # larger than a response: header and body are sent together

    def do_GET(self) -> None:
        """Answer one request."""
        url = urlsplit(self.path)
        if url.path.startswith(f"{_BASE_PATH}/"):
            path, query = url.path.removeprefix(_BASE_PATH), dict(parse_qsl(url.query))
            response = answer(path, query, day=self.server.read_day())
        else:
            response = error_response(_NOT_FOUND)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing: a query can contain a key."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; return 1 if the port is not available."""
    parser = argparse.ArgumentParser(
        prog="python -m pipeline.demo", description="Serve the demo catalogue over HTTP."
    )
    parser.add_argument("--port", type=int, default=8080, help="default: 8080; 0: a free port")
    port: int = parser.parse_args(arguments).port
    try:
        server = DemoServer(port)
    except (OSError, OverflowError) as error:
        print(f"Cannot listen on port {port} ({error}); choose another --port", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with server:
        try:
            print(f"Serving the demo catalogue on {server.url}", flush=True)
            server.serve_forever()
        except KeyboardInterrupt:
            pass
    return 0
