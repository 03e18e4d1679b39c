"""Connect to a host with several addresses: one timeout for all, and no wait for a silent one.

urllib3 and `socket.create_connection` give every address the whole timeout, one after the other: a
broken IPv6 route to a host with eight such addresses costs a minute. Here the two families take
turns and a silent address does not hold up the next, as RFC 8305 ("Happy Eyeballs") describes. The
libraries that do so need an event loop.
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
    """One of a host's addresses; `to` is what `socket.connect` takes."""

    family: int
    to: tuple[object, ...]


def look_up(host: str, port: int) -> list[Address]:
    """Return the addresses of a host, the families in turn. Raises socket.gaierror."""
    try:
        found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    except UnicodeError:
        raise socket.gaierror(socket.EAI_NONAME, "it is no host name") from None
    return interleave([Address(family, to) for family, _, _, _, to in found])


def interleave(addresses: Iterable[Address]) -> list[Address]:
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
    """Return a connection to the first of the addresses that accepts one.

    Args:
        addresses: in the order of preference.
        timeout: seconds for all of them together; the socket keeps it.
        source: the local address, as for `socket.create_connection`.
        options: for `setsockopt`, before the connection is made.

    Raises:
        TimeoutError: none has answered in time.
        OSError: each has failed; this is the error of the last one.
    """
    deadline = None if timeout is None else clock.monotonic() + timeout
    waiting = list(addresses)
    opened: list[socket.socket] = []
    winner: socket.socket | None = None
    error = OSError("the name has no addresses")
    try:
        with selectors.DefaultSelector() as pending:
            while winner is None and (waiting or pending.get_map()):
                if waiting:
                    try:
                        opened.append(_begin(waiting.pop(0), source, options or ()))
                    except OSError as failed:
                        error = failed
                        continue
                    pending.register(opened[-1], selectors.EVENT_WRITE, opened[-1])
                for key, _ in pending.select(_wait_seconds(deadline, is_last=not waiting)):
                    pending.unregister(key.data)
                    code = key.data.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                    if code == 0:
                        winner = winner or key.data
                    else:
                        error = OSError(code, os.strerror(code))
    finally:
        for each in opened:
            if each is not winner:
                each.close()
    if winner is None:
        raise error
    winner.settimeout(timeout)
    return winner


def _begin(
    address: Address, source: tuple[str, int] | None, options: SocketOptions
) -> socket.socket:
    """Return a socket that is being connected."""
    sock = socket.socket(address.family, socket.SOCK_STREAM)
    try:
        sock.setblocking(False)
        for option in options:
            sock.setsockopt(*option)
        if source:
            sock.bind(source)
        with contextlib.suppress(BlockingIOError):
            sock.connect(address.to)
    except OSError:
        sock.close()
        raise
    return sock


def _wait_seconds(deadline: float | None, *, is_last: bool) -> float | None:
    left = None if deadline is None else deadline - clock.monotonic()
    if left is not None and left <= 0:
        raise TimeoutError("timed out")
    if is_last:
        return left
    return NEXT_ADDRESS_SECONDS if left is None else min(left, NEXT_ADDRESS_SECONDS)
