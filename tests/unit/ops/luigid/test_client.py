"""The question whether a luigid answers ends in time, whatever listens at its address."""

from __future__ import annotations

import contextlib
import itertools
import socket
import threading
from collections.abc import Callable, Iterator

import pytest

from pipeline.ops.luigid import client

Answer = Callable[[socket.socket], None]


@contextlib.contextmanager
def listening(answer: Answer) -> Iterator[str]:
    """Accept one connection and answer it; yield the address."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                accepted.append(server.accept()[0])
                answer(accepted[0])

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        for connection in accepted:
            connection.close()


def never(connection: socket.socket) -> None:
    """Accept a connection and send nothing."""


def without_end(connection: socket.socket) -> None:
    """Send a byte of a header again and again, so that no single wait is long."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nX-Header: ")
    for _ in itertools.count():
        connection.sendall(b"x")
        threading.Event().wait(0.02)


def test_what_listens_there_and_is_no_luigid_delays_a_run_for_some_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither server ever finishes its answer: without the limits this test would not end."""
    assert client.TIMEOUT_SECONDS < client.MAX_SECONDS < 10
    monkeypatch.setattr(client, "TIMEOUT_SECONDS", 0.1)
    with listening(never) as url:
        found = client.look(url, None)
        assert (found.answers, found.why) == (False, "no answer in 0.1 s")
    monkeypatch.undo()
    with listening(without_end) as url:
        found = client.look(url, None, 0.2)
        assert (found.answers, found.why) == (False, "no answer in 0.2 s")


def test_what_answers_and_is_no_luigid_is_recognized() -> None:
    def answer(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")

    with listening(answer) as url:
        assert not client.look(url, None).answers
