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

from urllib3 import HTTPResponse
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError
from urllib3.util.connection import create_connection

from pipeline import clock

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
    addresses: Sequence[str], port: int, timeout: float, options: Any = ()
) -> socket.socket:
    """Return a connection to the first address that accepts one in its share of the timeout."""
    error = OSError("the name has no addresses")
    for each in addresses:
        share = timeout / len(addresses)
        try:
            connection = create_connection((each, port), share, socket_options=options)
            connection.settimeout(timeout)
            return connection
        except OSError as failed:
            error = failed
    raise error


class Connection(HTTPConnection):
    """Connects, and reads a header, within a deadline of its own."""

    def _new_conn(self) -> socket.socket:
        try:
            addresses = look_up(self._dns_host, self.port)
            return connect(addresses, self.port, self.timeout, self.socket_options)  # type: ignore[arg-type]
        except OSError as error:
            raise NewConnectionError(self, repr(error)) from error

    def getresponse(self, **options: Any) -> HTTPResponse:  # type: ignore[override]
        """Read the header, within its deadline: half of one would pass for an empty answer."""
        deadline = clock.monotonic() + MAX_HEADER_SECONDS
        timer = threading.Timer(MAX_HEADER_SECONDS, _shut_down, [self.sock])
        timer.daemon = True
        timer.start()
        try:
            return super().getresponse(**options)
        finally:
            timer.cancel()
            if clock.monotonic() >= deadline:
                raise TimeoutError(f"no header within {MAX_HEADER_SECONDS:.0f} s")


class TlsConnection(Connection, HTTPSConnection):
    """The same, over TLS."""


def _shut_down(sock: socket.socket | None) -> None:
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)
