"""Connections that are made in time, and on which the head of an answer has to come in time.

All addresses of a name share one time (`addresses`). A socket's timeout bounds each wait, not their
sum: a server that sends a byte of the head now and then could hold a request for hours. So a watch
shuts the socket when the head's time is up.
"""

from __future__ import annotations

import contextlib
import math
import os
import socket
import threading
from collections.abc import Iterator
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    NameResolutionError,
    NewConnectionError,
)

from pipeline import clock
from pipeline.tmdb import addresses

HEAD_SECONDS = 30.0
"""Longest time until the head of an answer is there, however steadily it drips."""


def bound(manager: PoolManager) -> PoolManager:
    """Have a pool manager open such connections only."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


class _Watch:
    """One thread for all connections of the process: a timer each would start a thread each."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._deadlines: dict[HTTPConnection, float] = {}
        self._wakes_at = math.inf
        self._thread: threading.Thread | None = None

    @contextlib.contextmanager
    def over(self, connection: HTTPConnection) -> Iterator[None]:
        """Shut the connection if the block takes too long, and say so whatever that led to.

        Raises:
            TimeoutError: it was shut; half a head would pass for a whole one with an empty body.
        """
        deadline = clock.monotonic() + HEAD_SECONDS
        with self._change:
            self._deadlines[connection] = deadline
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True, name="watch")
                self._thread.start()
            elif deadline < self._wakes_at:
                self._change.notify()
        try:
            yield
        finally:
            with self._change:
                late = self._deadlines.pop(connection, None) is None
            if late:
                raise TimeoutError(f"no head within {HEAD_SECONDS:.0f} s")

    def _run(self) -> None:
        with self._change:
            while True:
                now = clock.monotonic()
                for connection in [c for c, deadline in self._deadlines.items() if deadline <= now]:
                    del self._deadlines[connection]
                    _shut(connection)
                self._wakes_at = min(self._deadlines.values(), default=now + HEAD_SECONDS)
                self._change.wait(self._wakes_at - now)


_watch = _Watch()


def _begin_anew() -> None:
    global _watch
    _watch = _Watch()


os.register_at_fork(after_in_child=_begin_anew)


def _shut(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)

    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        with _watch.over(self):
            return super().getresponse(**options)


class _TlsConnection(HTTPSConnection):
    def _new_conn(self) -> socket.socket:
        return _connected(self)

    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        with _watch.over(self):
            return super().getresponse(**options)


def _connected(connection: HTTPConnection) -> socket.socket:
    """Connect as urllib3's `_new_conn` does, and with its errors, to the first that answers."""
    host = connection._dns_host
    try:
        found = addresses.look_up(host, connection.port)
        return addresses.connect(
            found, connection.timeout, connection.source_address, connection.socket_options
        )
    except socket.gaierror as error:
        raise NameResolutionError(connection.host, connection, error) from error
    except TimeoutError as error:
        raise ConnectTimeoutError(connection, f"{host} timed out") from error
    except OSError as error:
        raise NewConnectionError(connection, f"{host}: {error}") from error


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
