"""A name with several addresses: the dead ones among them cost a moment, not their sum."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from support.fake_tmdb import FakeTmdb
from support.transports import make_session, unchanged
from trials.outages import full_backlog

from pipeline.errors import TmdbUnavailable
from pipeline.tmdb import addresses, transport
from pipeline.tmdb.addresses import Address, connect, interleave

NAME = "films.invalid"
V4, V6 = socket.AF_INET, socket.AF_INET6

SOON = 0.05
"""Seconds after which the next address has its turn in these tests."""

FOR_EVER = 3600
"""Seconds: a test that waits for so long fails by its own timeout."""


@pytest.fixture(autouse=True)
def next_address_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "NEXT_ADDRESS_SECONDS", SOON)


@pytest.fixture
def made(
    silent: tuple[str, int], taking: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> list[socket.socket]:
    """The sockets that are made from now on, once the servers of the test are there."""
    sockets: list[socket.socket] = []

    class Kept(socket.socket):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **named)
            sockets.append(self)

    monkeypatch.setattr(socket, "socket", Kept)
    return sockets


@pytest.fixture
def silent() -> Iterator[tuple[str, int]]:
    """An address that takes no connection and says nothing."""
    with full_backlog() as url:
        yield "127.0.0.1", int(url.rsplit(":", 1)[1].removesuffix("/3"))


@pytest.fixture
def refusing() -> Iterator[tuple[str, int]]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()


@pytest.fixture
def taking() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()


def named(monkeypatch: pytest.MonkeyPatch, *found: tuple[int, tuple[str, int]]) -> None:
    """Have a name be at these addresses; the family is what the resolver would call each."""
    real = socket.getaddrinfo

    def resolve(host: Any, *given: Any, **named: Any) -> Any:
        if host != NAME:
            return real(host, *given, **named)
        return [(V4, socket.SOCK_STREAM, 0, "", to) for _, to in found]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)


def test_the_families_take_turns_and_the_first_one_stays_first() -> None:
    six = [Address(V6, (f"::{n}", 443)) for n in range(3)]
    four = [Address(V4, (f"192.0.2.{n}", 443)) for n in range(2)]

    assert interleave([*six, *four]) == [six[0], four[0], six[1], four[1], six[2]]
    assert interleave([*four, *four]) == four


def test_an_address_that_is_silent_does_not_hold_up_the_next(
    silent: tuple[str, int], taking: tuple[str, int]
) -> None:
    with connect([Address(V4, silent), Address(V4, taking)], FOR_EVER) as connection:
        assert connection.getpeername() == taking
        assert connection.gettimeout() == FOR_EVER


@pytest.fixture
def silent_ipv6() -> Iterator[tuple[str, int]]:
    """An IPv6 address whose queue of connections is full."""
    with contextlib.ExitStack() as stack:
        try:
            server = socket.create_server(("::1", 0), family=V6, backlog=0)
        except OSError:
            pytest.skip("this machine has no IPv6 on loopback")
        to = stack.enter_context(server).getsockname()
        for _ in range(3):
            waiting = stack.enter_context(socket.socket(V6))
            waiting.setblocking(False)
            waiting.connect_ex(to)
        yield to


def test_a_broken_ipv6_route_does_not_hold_up_ipv4(
    silent_ipv6: tuple[str, int], taking: tuple[str, int]
) -> None:
    found = interleave([*[Address(V6, silent_ipv6)] * 8, Address(V4, taking)])
    with connect(found, FOR_EVER) as connection:
        assert connection.family == V4


def test_an_address_that_refuses_is_passed_over_at_once(
    refusing: tuple[str, int], taking: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "NEXT_ADDRESS_SECONDS", 600.0)
    with connect([Address(V4, refusing), Address(V4, taking)], 60) as connection:
        assert connection.getpeername() == taking


def test_an_address_that_answers_late_still_wins(
    silent: tuple[str, int], taking: tuple[str, int]
) -> None:
    """Those that were begun before are waited for beside the later ones."""
    with connect([Address(V4, taking), Address(V4, silent)], 60) as connection:
        assert connection.getpeername() == taking


def test_all_addresses_together_have_one_time(
    silent: tuple[str, int], made: list[socket.socket]
) -> None:
    """Each would have had its turn if each had a time of its own."""
    with pytest.raises(TimeoutError):
        connect([Address(V4, silent)] * 8, SOON * 3)
    assert 1 <= len(made) < 8


def test_where_all_fail_the_last_says_why(refusing: tuple[str, int]) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect([Address(9999, ("nowhere", 1)), *[Address(V4, refusing)] * 3], 60)
    with pytest.raises(OSError, match="no addresses"):
        connect([], 60)


def test_a_family_that_this_machine_does_not_have_is_passed_over(taking: tuple[str, int]) -> None:
    with connect([Address(9999, ("nowhere", 1)), Address(V4, taking)], 60) as connection:
        assert connection.getpeername() == taking


def test_no_connection_is_left_open_but_the_winner(
    silent: tuple[str, int], taking: tuple[str, int], made: list[socket.socket]
) -> None:
    with connect([Address(V4, silent), Address(V4, silent), Address(V4, taking)], 60) as won:
        assert [each for each in made if each.fileno() >= 0] == [won]
    assert len(made) == 3


def test_a_run_is_not_held_up_by_seven_dead_addresses(
    silent: tuple[str, int], tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive = ("127.0.0.1", int(tmdb.url.rsplit(":", 1)[1].removesuffix("/3")))
    named(monkeypatch, *[(V6, silent)] * 7, (V4, alive))
    session = make_session(f"http://{NAME}/3")
    with contextlib.closing(session):
        body = session.get("/movie/popular", {"page": "1"}, unchanged, threading.Event()).body
    assert body["page"] == 1
    assert tmdb.count() == 1


def test_where_no_address_answers_it_fails_in_the_time_of_one(
    silent: tuple[str, int], made: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "CONNECT_TIMEOUT_SECONDS", SOON * 3)
    named(monkeypatch, *[(V4, silent)] * 8)
    session = make_session(f"http://{NAME}/3")
    with contextlib.closing(session), pytest.raises(TmdbUnavailable, match="no connection in time"):
        session.get("/movie/popular", {"page": "1"}, unchanged, threading.Event())
    assert 1 <= len(made) < 8


@pytest.mark.parametrize("name", ["a" * 64, "films..invalid"])
def test_what_can_be_no_host_name_is_an_unknown_host(name: str) -> None:
    with pytest.raises(socket.gaierror):
        addresses.look_up(name, 80)
