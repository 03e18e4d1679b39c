"""The catalogue on a port: HTTP/1.1 with TMDB's credentials, rate limit and a latency of choice."""

import socket
import socketserver
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from http.server import ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self

from pipeline.clock import today
from pipeline.demo.admission import TokenBucket
from pipeline.demo.api import answer
from pipeline.demo.exchange import BASE_PATH, Exchange
from pipeline.demo.tally import Tally

_POLL_SECONDS = 0.02


@dataclass(frozen=True)
class Manners:
    """How a server behaves.

    `requests_per_second` 0 takes away the limit. `key` admits that one credential only, None any
    that is well formed. `on` tells the catalogue's date; `sleep` waits for the latency.
    """

    latency_seconds: float = 0.0
    requests_per_second: float = 40.0
    key: str | None = None
    on: Callable[[], date] = today
    sleep: Callable[[float], None] = time.sleep


class CatalogueServer(ThreadingHTTPServer):
    """Serves from entering a `with` block until leaving it; port 0 picks a free one."""

    daemon_threads = True
    allow_reuse_port = False
    request_queue_size = 128

    def __init__(
        self, manners: Manners = Manners(), *, port: int = 0, host: str = "127.0.0.1"
    ) -> None:
        """Bind the port; OSError when it is taken."""
        self.manners = manners
        self.bucket = TokenBucket(manners.requests_per_second)
        self.tally = Tally()
        self._open: set[socket.socket] = set()
        self._open_lock = threading.Lock()
        self._serving = threading.Thread(
            target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True, name="demo catalogue"
        )
        super().__init__((host, port), Exchange)

    @property
    def url(self) -> str:
        """The base to put in TMDB_API_URL."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}{BASE_PATH}"

    @property
    def requests(self) -> int:
        """How many requests came in, refused ones included."""
        return self.tally.requests

    @property
    def refusals(self) -> int:
        """How many of them were too fast."""
        return self.tally.refusals

    @property
    def peak_connections(self) -> int:
        """How many connections were in use at once, at most."""
        return self.tally.connections_peak

    def __enter__(self) -> Self:
        """Build the day's lists, so that no request waits for that, and start."""
        answer("/movie/popular", {}, on=self.manners.on())
        self._serving.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop, and hang up on whoever is still connected."""
        self.shutdown()
        self._serving.join()
        self.server_close()
        with self._open_lock:
            for connection in self._open:
                _hang_up(connection)

    def server_bind(self) -> None:
        """Bind without asking a name server what this host is called."""
        socketserver.TCPServer.server_bind(self)
        host, port = self.server_address[:2]
        self.server_name, self.server_port = str(host), int(port)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a new connection while it lasts."""
        with self._open_lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ends."""
        with self._open_lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing when a client merely went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


def _hang_up(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
