"""Connections that wait neither for a silent address nor for a header that never ends.

urllib3 gives each address of a host the whole timeout: a broken IPv6 route to a host with eight
such addresses costs 40 s. Here the families take turns and all addresses share one timeout. And a
socket's timeout bounds each wait, not their sum, so a timer ends a header that is late.
"""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Sequence
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPResponse, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

# Longest time until the header of an answer is complete, even if bytes keep coming.
MAX_HEADER_SECONDS = 30.0


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses of a host, IPv6 and IPv4 in turn. Raises socket.gaierror."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "it is no host name") from None
    addresses = dict.fromkeys(str(to[0]) for *_, to in found)
    ipv6 = [each for each in addresses if ":" in each]
    ipv4 = [each for each in addresses if ":" not in each]
    pairs = itertools.zip_longest(ipv6, ipv4)
    return [each for pair in pairs for each in pair if each is not None]


def connect(
    addresses: Sequence[str], port: int, timeout: float, socket_options: Any = None
) -> socket.socket:
    """Return a connection to the first address that accepts one in its share of the timeout.

    Raises:
        OSError: each has failed; this is the error of the last one.
    """
    error = OSError("the name has no addresses")
    share = timeout / max(1, len(addresses))
    for each in addresses:
        try:
            connection = create_connection((each, port), share, socket_options=socket_options)
        except OSError as failed:
            error = failed
        else:
            connection.settimeout(timeout)
            return connection
    raise error


class _Connection(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        try:
            addresses = look_up(self._dns_host, self.port)
            return connect(addresses, self.port, self.timeout, self.socket_options)  # type: ignore[arg-type]
        except OSError as error:
            raise NewConnectionError(self, repr(error)) from error

    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        """Read the header, within its deadline: half of one would pass for an empty answer."""
        is_late = threading.Event()
        timer = threading.Timer(MAX_HEADER_SECONDS, self._shut_down, [is_late])
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse(**options)
        finally:
            timer.cancel()
            if is_late.is_set():
                raise TimeoutError(f"no header within {MAX_HEADER_SECONDS:.0f} s")

    def _shut_down(self, is_late: threading.Event) -> None:
        is_late.set()
        if self.sock is not None:
            with contextlib.suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


# What a pool manager of urllib3 has to use in place of its own.
POOL_CLASSES = {"http": _Pool, "https": _TlsPool}
