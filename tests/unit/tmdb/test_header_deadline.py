"""The deadline for the header of an answer: it ends what is late, and nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest
from urllib3.connection import HTTPConnection

from pipeline.tmdb.header_deadline import header_deadline


@pytest.fixture
def pair() -> Iterator[tuple[HTTPConnection, socket.socket]]:
    """A connection, and its other end."""
    ours, theirs = socket.socketpair()
    connection = HTTPConnection("nowhere.example")
    connection.sock = ours
    theirs.settimeout(10)
    with ours, theirs:
        yield connection, theirs


@pytest.fixture
def brief(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.tmdb.header_deadline.MAX_HEADER_SECONDS", 0.05)


@pytest.mark.usefixtures("brief")
def test_a_late_connection_is_shut_down(pair: tuple[HTTPConnection, socket.socket]) -> None:
    connection, other_end = pair

    with pytest.raises(TimeoutError, match="no header within"), header_deadline(connection):
        assert other_end.recv(1) == b"", "the other end notices"


@pytest.mark.usefixtures("brief")
def test_a_late_connection_is_named_as_late_whatever_that_led_to(
    pair: tuple[HTTPConnection, socket.socket],
) -> None:
    connection, other_end = pair

    def fail_late() -> None:
        with header_deadline(connection):
            other_end.recv(1)
            raise ConnectionResetError

    with pytest.raises(TimeoutError, match="no header within"):
        fail_late()


def test_a_connection_in_time_stays_open(pair: tuple[HTTPConnection, socket.socket]) -> None:
    connection, other_end = pair
    threads = threading.active_count()

    with header_deadline(connection):
        assert threading.active_count() == threads + 1
    other_end.sendall(b"x")

    assert connection.sock is not None
    assert connection.sock.recv(1) == b"x"


@pytest.mark.usefixtures("brief")
@pytest.mark.parametrize("is_closed", [True, False], ids=["closed", "missing"])
def test_a_connection_without_an_open_socket_is_no_trouble(
    is_closed: bool, pair: tuple[HTTPConnection, socket.socket]
) -> None:
    connection, _ = pair
    assert connection.sock is not None
    connection.sock.close()
    if not is_closed:
        connection.sock = None

    with pytest.raises(TimeoutError), header_deadline(connection):
        threading.Event().wait(0.2)
