"""The listening socket and the threads: one that accepts, one for each connection."""

import contextlib
import os
import selectors
import socket
import threading
import time
import weakref
from collections.abc import Callable

from support.fake_tmdb.connections import Connection, OpenConnections

_BACKLOG = 128
_PATIENCE_AT_CLOSE_SECONDS = 2.0


class Listener:
    """Hands each connection to `serve` in a thread of its own."""

    def __init__(self, serve: Callable[[Connection], None]) -> None:
        self._serve = serve
        self._threads: list[threading.Thread] = []
        self.open = OpenConnections()
        self.stopping = threading.Event()
        self._vanished = threading.Event()
        self.resets_to_come = 0

    def start(self) -> int:
        """Listens, and tells the port."""
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
        self._socket.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        _alive.add(self)
        self._run(self._accept)
        port: int = self._socket.getsockname()[1]
        return port

    def stop(self) -> None:
        """Ends every wait, every blocked read and write, then every thread."""
        self.stopping.set()
        self._wake.send(b"!")
        self._threads[0].join(_PATIENCE_AT_CLOSE_SECONDS)
        self.open.wake_all()
        deadline = time.monotonic() + _PATIENCE_AT_CLOSE_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        _alive.discard(self)
        for sock in self._own_sockets():
            sock.close()

    def vanish(self) -> None:
        """Refuses connections from now on, and ends those there are."""
        self._vanished.set()
        self._wake.send(b"!")
        self._threads[0].join(_PATIENCE_AT_CLOSE_SECONDS)
        self.open.wake_all()

    def forget_in_child(self) -> None:
        self.open.forget_in_child()
        for sock in self._own_sockets():
            if sock.fileno() >= 0:
                os.close(sock.detach())

    def _own_sockets(self) -> tuple[socket.socket, ...]:
        return self._socket, self._wake, self._woken

    def _run(self, work: Callable[..., None], *args: object) -> None:
        thread = threading.Thread(target=work, args=args, name="fake-tmdb", daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._socket, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while not self.stopping.is_set() and not self._vanished.is_set():
                selector.select()
                with contextlib.suppress(OSError):  # the client thought better of it
                    sock, _address = self._socket.accept()
                    connection = self.open.add(sock)
                    if self.resets_to_come > 0:
                        self.resets_to_come -= 1
                        connection.reset()
                    else:
                        self._run(self._serve, connection)
        if self._vanished.is_set():
            self._socket.close()


_alive: "weakref.WeakSet[Listener]" = weakref.WeakSet()


def _forget_in_child() -> None:
    """A forked Luigi worker must not hold our ends of the sockets: a RST waits for the last."""
    for listener in list(_alive):
        listener.forget_in_child()


os.register_at_fork(after_in_child=_forget_in_child)
