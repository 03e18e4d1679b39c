"""Faults of the whole server: there is no page that they could wait for, and they do not pass."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import NamedTuple

import trustme


class Outage(NamedTuple):
    """One kind of outage: its row in the table, a part of its message, an address that has it."""

    name: str
    group: str
    message: str
    address: Callable[[], AbstractContextManager[str]]
    is_retried: bool = True


@contextlib.contextmanager
def refused() -> Iterator[str]:
    """A port at which nobody listens, kept from others meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}/3"


@contextlib.contextmanager
def unknown_host() -> Iterator[str]:
    """A name that no resolver knows (RFC 6761)."""
    yield "http://films.invalid/3"


@contextlib.contextmanager
def full_backlog() -> Iterator[str]:
    """A listener that accepts nobody, its queue full: further connections wait for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener, contextlib.ExitStack() as w:
        for _ in range(3):
            waiting = w.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}/3"


@contextlib.contextmanager
def plain_http() -> Iterator[str]:
    """A server that answers TLS with HTTP."""

    def answer(sock: socket.socket) -> None:
        sock.recv(65_536)
        sock.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")

    with _each_connection(answer) as port:
        yield f"https://127.0.0.1:{port}/3"


@contextlib.contextmanager
def untrusted() -> Iterator[str]:
    """A server with a certificate that nobody whom a run trusts vouches for."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)

    def answer(sock: socket.socket) -> None:
        with tls.wrap_socket(sock, server_side=True) as wrapped:
            wrapped.recv(65_536)

    with _each_connection(answer) as port:
        yield f"https://127.0.0.1:{port}/3"


@contextlib.contextmanager
def _each_connection(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """Listen, and answer one connection after the other until the block is left."""
    over = threading.Event()

    def serve() -> None:
        while not over.is_set():
            with contextlib.suppress(OSError):
                sock, _ = listener.accept()
                with sock:
                    sock.settimeout(1.0)
                    answer(sock)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.1)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield int(listener.getsockname()[1])
        finally:
            over.set()
            thread.join()


_REFUSED = "connection refused: from the start, during the run"
_TLS = "TLS: plain HTTP, an untrusted certificate"
_NO_TLS = "TLS could not be agreed on or the certificate is not trusted"
_UNTRUSTED = "the certificate is not trusted; add that of an authority of your own"

OUTAGES = {
    each.name: each
    for each in (
        Outage("refused", _REFUSED, "the connection was refused", refused),
        Outage("unknown host", "host name unknown", "the host name is not known", unknown_host),
        Outage("full backlog", "no connection in time", "no connection in time", full_backlog),
        Outage("plain HTTP", _TLS, _NO_TLS, plain_http),
        Outage("untrusted certificate", _TLS, _UNTRUSTED, untrusted, is_retried=False),
    )
}
