"""Connections with a deadline for the header of an answer, made to any address of a host.

A socket's timeout bounds each wait, not their sum: a server that sends a byte of the header now and
then could hold a request for hours. So a timer shuts the socket down at the deadline.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from pipeline.tmdb import addresses

MAX_HEADER_SECONDS = 30.0
"""Longest time until the header of an answer is complete, even if bytes keep coming."""


def limit_headers(manager: PoolManager) -> PoolManager:
    """Let a pool manager open only connections with that deadline."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


@contextlib.contextmanager
def header_deadline(connection: HTTPConnection) -> Iterator[None]:
    """Shut the connection down if the block takes too long.

    Raises:
        TimeoutError: it was shut down, whatever that led to: half a header would pass for a whole
            one with an empty body.
    """
    expired = threading.Event()

    def shut_down() -> None:
        expired.set()
        if connection.sock is not None:
            with contextlib.suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(MAX_HEADER_SECONDS, shut_down)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        if expired.is_set():
            raise TimeoutError(f"no header within {MAX_HEADER_SECONDS:.0f} s")


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        """Connect as urllib3's `_new_conn` does, and with its errors."""
        host = self._dns_host
        try:
            found = addresses.look_up(host, self.port)
            return addresses.connect(found, self.timeout, self.source_address, self.socket_options)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(self, f"{host} timed out") from error
        except OSError as error:
            raise NewConnectionError(self, f"{host}: {error}") from error

    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        with header_deadline(self):
            return super().getresponse(**options)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
