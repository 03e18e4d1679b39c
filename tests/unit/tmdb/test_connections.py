"""The watch over answers' heads: it shuts what is late, and nothing else."""

from __future__ import annotations

import math
import socket
import threading
from collections.abc import Iterator

import pytest
from support.stopped_clock import StoppedClock
from support.waiting import wait_for
from urllib3.connection import HTTPConnection

from pipeline.tmdb import connections
from pipeline.tmdb.connections import _shut, _Watch


@pytest.fixture
def pair() -> Iterator[tuple[HTTPConnection, socket.socket]]:
    """A connection, and its other end."""
    ours, theirs = socket.socketpair()
    connection = HTTPConnection("nowhere.example")
    connection.sock = ours
    theirs.settimeout(10)
    with ours, theirs:
        yield connection, theirs


def heads_take(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(connections, "HEAD_SECONDS", seconds)


def is_shut(ours: HTTPConnection) -> bool:
    """Whether a read ends at once, as one does whose socket was shut."""
    assert ours.sock is not None
    ours.sock.settimeout(0.05)
    try:
        return ours.sock.recv(1) == b""
    except TimeoutError:
        return False


def test_a_late_connection_is_shut_and_only_that(
    pair: tuple[HTTPConnection, socket.socket],
    stopped_clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch, (late, other_end) = _Watch(), pair
    mine, its_end = socket.socketpair()
    in_time = HTTPConnection("nowhere.example")
    in_time.sock = mine

    def time_passes() -> bool:
        assert not is_shut(late), "its time is not up"
        stopped_clock.now += 0.05
        return other_end.recv(1) == b""

    with mine, its_end:
        heads_take(monkeypatch, 60)
        with watch.over(in_time):
            heads_take(monkeypatch, 0.05)
            with pytest.raises(TimeoutError, match="no head within"), watch.over(late):
                assert time_passes(), "the other end notices"
            assert is_shut(late)
            assert not is_shut(in_time)


def test_a_connection_that_was_in_time_is_left_alone(
    pair: tuple[HTTPConnection, socket.socket],
    stopped_clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads_take(monkeypatch, 0.05)
    watch, (ours, _) = _Watch(), pair
    for _ in range(3):
        with watch.over(ours):
            pass
    stopped_clock.now += 1
    wait_for(lambda: math.inf > watch._wakes_at > stopped_clock.now)
    assert not is_shut(ours)


def test_it_watches_one_after_the_other_with_one_thread(
    pair: tuple[HTTPConnection, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    heads_take(monkeypatch, 0.05)
    watch, (first, its_end) = _Watch(), pair
    before = threading.active_count()
    with pytest.raises(TimeoutError), watch.over(first):
        assert its_end.recv(1) == b""
    ours, theirs = socket.socketpair()
    second = HTTPConnection("nowhere.example")
    second.sock = ours
    theirs.settimeout(10)
    with ours, theirs, pytest.raises(TimeoutError), watch.over(second):
        assert theirs.recv(1) == b""
    assert threading.active_count() == before + 1
    assert watch._thread is not None
    assert watch._thread.daemon, "it does not hold up the end of the process"


def test_it_sleeps_while_there_is_nothing_to_watch(
    pair: tuple[HTTPConnection, socket.socket],
    stopped_clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heads_take(monkeypatch, 60)
    watch, (ours, _) = _Watch(), pair
    assert watch._wakes_at == math.inf
    with watch.over(ours):
        wait_for(lambda: watch._wakes_at == stopped_clock.now + 60)
    assert watch._deadlines == {}


def test_a_connection_without_a_socket_or_with_a_closed_one_is_no_trouble(
    pair: tuple[HTTPConnection, socket.socket],
) -> None:
    connection, _ = pair
    assert connection.sock is not None
    connection.sock.close()
    _shut(connection)
    connection.sock = None
    _shut(connection)


def test_a_forked_process_watches_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    before = connections._watch
    monkeypatch.setattr(connections, "_watch", before)
    connections._begin_anew()
    assert isinstance(connections._watch, _Watch)
    assert connections._watch is not before


def test_a_watch_with_nothing_left_to_watch_sleeps(
    pair: tuple[HTTPConnection, socket.socket],
    stopped_clock: StoppedClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watch, (connection, _) = _Watch(), pair
    heads_take(monkeypatch, 0.05)
    with watch.over(connection):
        heads_take(monkeypatch, 60)
    wait_for(lambda: watch._wakes_at == stopped_clock.now + 60)
