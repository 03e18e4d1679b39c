"""Connections: dead addresses of a host cost a moment, and so does a header that never ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.fake_tmdb import FakeTmdb
from support.transports import make_session, unchanged
from trials.outages import full_backlog
from urllib3.util.connection import create_connection

from pipeline.errors import TmdbUnavailable
from pipeline.tmdb import transport
from pipeline.tmdb.transport import connect, look_up

NAME = "films.invalid"
PATH = "/movie/popular"
V4, V6 = socket.AF_INET, socket.AF_INET6

BRIEFLY = 0.4
"""Seconds for all addresses of a host in these tests."""


@pytest.fixture
def silent() -> Iterator[int]:
    """A port of 127.0.0.1 that takes no connection and says nothing."""
    with full_backlog() as url:
        yield int(url.rsplit(":", 1)[1].removesuffix("/3"))


@pytest.fixture
def taking() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def named(monkeypatch: pytest.MonkeyPatch, *found: str) -> None:
    """Have a name be at these addresses."""
    real = socket.getaddrinfo

    def resolve(host: Any, port: Any, *given: Any, **named: Any) -> Any:
        if host != NAME:
            return real(host, port, *given, **named)
        return [(V6 if ":" in to else V4, socket.SOCK_STREAM, 0, "", (to, port)) for to in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_ipv4_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    named(monkeypatch, "::1", "::1", "::2", "::3", "192.0.2.1", "192.0.2.2")
    assert look_up(NAME, 80) == ["192.0.2.1", "192.0.2.2", "::1", "::2", "::3"]


def test_an_address_that_is_silent_does_not_hold_up_the_next(silent: int) -> None:
    """It is the same port on another address of loopback, where a server accepts."""
    with (
        socket.create_server(("127.0.0.2", silent)),
        connect(["127.0.0.1", "127.0.0.2"], silent, BRIEFLY) as connection,
    ):
        assert connection.getpeername() == ("127.0.0.2", silent)
        assert connection.gettimeout() == BRIEFLY


def test_an_address_that_refuses_is_passed_over_at_once(taking: int) -> None:
    with connect(["127.0.0.2", "127.0.0.1"], taking, 3600) as connection:
        assert connection.getpeername() == ("127.0.0.1", taking)


def test_all_addresses_together_have_one_time(silent: int, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[float] = []
    real = create_connection

    def record(to: tuple[str, int], timeout: float, **options: Any) -> socket.socket:
        given.append(timeout)
        return real(to, timeout, **options)

    monkeypatch.setattr(transport, "create_connection", record)
    with pytest.raises(TimeoutError):
        connect(["127.0.0.1"] * 8, silent, BRIEFLY)
    assert given == [BRIEFLY / 8] * 8


def test_where_all_fail_the_last_says_why() -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefusedError):
            connect(["nowhere.invalid", "127.0.0.1"], bound.getsockname()[1], 60)
    with pytest.raises(OSError, match="no addresses"):
        connect([], 80, 60)


def test_a_run_is_not_held_up_by_a_broken_ipv6_route(
    tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight addresses of IPv6 stand before the one of IPv4."""
    tried: list[str] = []
    real = create_connection

    def silent_ipv6(to: tuple[str, int], timeout: float, **options: Any) -> socket.socket:
        tried.append(to[0])
        if ":" in to[0]:
            raise TimeoutError
        return real(to, timeout, **options)

    monkeypatch.setattr(transport, "create_connection", silent_ipv6)
    named(monkeypatch, *[f"2001:db8::{n}" for n in range(1, 9)], "127.0.0.1")
    url = tmdb.url.replace("127.0.0.1", NAME)
    with make_session(url) as session:
        assert session.get(PATH, {"page": "1"}, unchanged, threading.Event())["page"] == 1
    assert tried == ["127.0.0.1"]


def test_where_no_address_answers_it_is_named_as_that(
    silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT_SECONDS", BRIEFLY)
    named(monkeypatch, "127.0.0.1", "127.0.0.1")
    with (
        make_session(f"http://{NAME}:{silent}/3") as session,
        pytest.raises(TmdbUnavailable, match="no connection in time"),
    ):
        session.get(PATH, {"page": "1"}, unchanged, threading.Event())


@pytest.mark.parametrize("name", ["a" * 64, "films..invalid"])
def test_what_can_be_no_host_name_is_an_unknown_host(name: str) -> None:
    with pytest.raises(socket.gaierror):
        look_up(name, 80)


# The deadline of a header


Ends = tuple[transport.Connection, socket.socket]


@pytest.fixture
def late(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Ends]:
    """A connection that waits for a header for a moment only, and its other end."""
    monkeypatch.setattr(transport, "MAX_HEADER_SECONDS", 0.05)
    ours, theirs = socket.socketpair()
    connection = transport.Connection("nowhere.example")
    connection.sock = ours
    theirs.settimeout(10)
    with ours, theirs:
        yield connection, theirs


@pytest.mark.parametrize("begin", [b"", b"HTTP/1.1 200 OK\r\nX-Half: "])
def test_a_header_that_is_late_ends_the_connection(begin: bytes, late: Ends) -> None:
    connection, other_end = late
    other_end.sendall(begin)
    connection.request("GET", "/")

    with pytest.raises(TimeoutError, match="no header within"):
        connection.getresponse()

    while other_end.recv(1_000):
        pass  # until the other end notices


def test_a_connection_that_is_closed_meanwhile_is_no_trouble(late: Ends) -> None:
    connection, _ = late
    assert connection.sock
    connection.sock.close()
    transport._shut_down(connection.sock)
