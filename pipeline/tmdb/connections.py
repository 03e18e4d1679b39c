"""Connections on which the head of an answer has to come in time.

A socket's timeout bounds each wait, not their sum: a server that sends a byte of the head now and
then could hold a request for hours. So a timer shuts the socket when the head's time is up.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection

HEAD_SECONDS = 30.0
"""Longest time until the head of an answer is there, however steadily it drips."""


def bound(manager: PoolManager) -> PoolManager:
    """Have a pool manager open such connections only."""
    manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
    return manager


@contextlib.contextmanager
def _in_time(connection: HTTPConnection) -> Iterator[None]:
    timer = threading.Timer(HEAD_SECONDS, _shut, [connection])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with contextlib.suppress(OSError):
            connection.sock.shutdown(socket.SHUT_RDWR)


class _Connection(HTTPConnection):
    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        with _in_time(self):
            return super().getresponse(**options)


class _TlsConnection(HTTPSConnection):
    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        with _in_time(self):
            return super().getresponse(**options)


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection
