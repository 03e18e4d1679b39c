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
_STOP_TIMEOUT_SECONDS = 2.0


class Listener:
    """Accept connections and call `serve` for each in its own thread."""

    def __init__(self, serve: Callable[[Connection], None], address: str) -> None:
        self._serve, self._address = serve, address
        self._threads: list[threading.Thread] = []
        self.open = OpenConnections()
        self.stopping = threading.Event()
        self._is_offline = threading.Event()
        self.pending_resets = 0

    def start(self) -> int:
        """Listen on a free port and return it."""
        self._socket = socket.create_server((self._address, 0), backlog=_BACKLOG)
        self._socket.setblocking(False)
        self._wake, self._woken = socket.socketpair()
        _alive.add(self)
        self._run(self._accept)
        port: int = self._socket.getsockname()[1]
        return port

    def stop(self) -> None:
        """Interrupt every wait, read and write, then end the threads."""
        self.stopping.set()
        self._wake.send(b"!")
        self._threads[0].join(_STOP_TIMEOUT_SECONDS)
        self.open.shut_down_all()
        deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        _alive.discard(self)
        for sock in self._own_sockets():
            sock.close()

    def vanish(self) -> None:
        """Close all connections and refuse new ones."""
        self._is_offline.set()
        self._wake.send(b"!")
        self._threads[0].join(_STOP_TIMEOUT_SECONDS)
        self.open.shut_down_all()

    def close_in_child(self) -> None:
        self.open.close_in_child()
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
            while not self.stopping.is_set() and not self._is_offline.is_set():
                selector.select()
                with contextlib.suppress(OSError):  # the client closed the connection
                    sock, _address = self._socket.accept()
                    connection = self.open.add(sock)
                    if self.pending_resets > 0:
                        self.pending_resets -= 1
                        connection.reset()
                    else:
                        self._run(self._serve, connection)
        if self._is_offline.is_set():
            self._socket.close()


_alive: "weakref.WeakSet[Listener]" = weakref.WeakSet()


def _close_in_child() -> None:
    """Close the sockets in a forked Luigi worker: a RST is sent when the last copy is closed."""
    for listener in list(_alive):
        listener.close_in_child()


os.register_at_fork(after_in_child=_close_in_child)
