"""Connect to a name with several addresses: all of them in one time, the next one soon.

urllib3 and `socket.create_connection` give every address the whole timeout, one after the other: a
broken IPv6 route to a host with eight such addresses costs a minute. Here the two families take
turns and an address that is silent does not hold up the next, as RFC 8305 ("Happy Eyeballs")
describes. The libraries that do so need an event loop.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import selectors
import socket
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pipeline import clock

NEXT_ADDRESS_SECONDS = 0.25
"""Seconds after which the next address is tried beside those that are silent (RFC 8305, 5)."""

SocketOptions = Sequence[tuple[int, int, int | bytes]]


class Address(NamedTuple):
    """One of a name's addresses."""

    family: int
    to: tuple[object, ...]


def look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a name, the families in turn. Raises socket.gaierror."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "it is no host name") from None
    return in_turn([Address(family, to) for family, _, _, _, to in found])


def in_turn(addresses: Iterable[Address]) -> list[Address]:
    """Return each address once, the family of the first and the others alternating."""
    families: dict[int, list[Address]] = {}
    for each in dict.fromkeys(addresses):
        families.setdefault(each.family, []).append(each)
    rounds = itertools.zip_longest(*families.values())
    return [each for turn in rounds for each in turn if each is not None]


def connect(
    addresses: Sequence[Address],
    timeout: float | None,
    source: tuple[str, int] | None = None,
    options: SocketOptions | None = None,
) -> socket.socket:
    """Return a connection to the first of the addresses that takes one.

    Args:
        addresses: in the order of preference.
        timeout: seconds for all of them together; the socket keeps it.
        source: the local address, as for `socket.create_connection`.
        options: for `setsockopt`, before the connection is made.

    Raises:
        TimeoutError: none has answered in time.
        OSError: each has failed; this is what the last one said, which a family that this machine
            has no route for seldom is.
    """
    race = _Race(source, options)
    with contextlib.closing(race):
        won = race.run(list(addresses), timeout)
    won.settimeout(timeout)
    return won


class _Race:
    """Connections that are being made at the same time; all but the winner are closed."""

    def __init__(self, source: tuple[str, int] | None, options: SocketOptions | None) -> None:
        self._source = source
        self._options = options or ()
        self._selector = selectors.DefaultSelector()
        self._error: OSError | None = None

    def run(self, addresses: list[Address], timeout: float | None) -> socket.socket:
        began = clock.monotonic()
        while addresses or self._selector.get_map():
            if addresses:
                self._begin(addresses.pop(0))
            wait = NEXT_ADDRESS_SECONDS if addresses else None
            if timeout is not None:
                left = began + timeout - clock.monotonic()
                if left <= 0:
                    raise TimeoutError("timed out")
                wait = left if wait is None else min(left, wait)
            won = self._winner(wait) if self._selector.get_map() else None
            if won is not None:
                return won
        raise self._error or OSError("the name has no addresses")

    def close(self) -> None:
        for key in list(self._selector.get_map().values()):
            self._give_up(key.fileobj)
        self._selector.close()

    def _begin(self, address: Address) -> None:
        try:
            sock = socket.socket(address.family, socket.SOCK_STREAM)
        except OSError as error:  # a family that this machine does not have
            self._error = error
            return
        try:
            sock.setblocking(False)
            for option in self._options:
                sock.setsockopt(*option)
            if self._source:
                sock.bind(self._source)
            with contextlib.suppress(BlockingIOError):
                sock.connect(address.to)
            self._selector.register(sock, selectors.EVENT_WRITE)
        except OSError as error:
            self._error = error
            sock.close()

    def _winner(self, wait: float | None) -> socket.socket | None:
        """Return the first connection that is made, or None once the next address has its turn."""
        for key, _ in self._selector.select(wait):
            sock = key.fileobj
            assert isinstance(sock, socket.socket)
            code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if code == 0:
                self._selector.unregister(sock)
                return sock
            self._error = OSError(code, os.strerror(code))
            self._give_up(sock)
        return None

    def _give_up(self, sock: object) -> None:
        assert isinstance(sock, socket.socket)
        self._selector.unregister(sock)
        sock.close()
