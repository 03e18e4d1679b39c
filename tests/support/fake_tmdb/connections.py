"""The connections: the open ones, their peak number, and closing them."""

import contextlib
import os
import socket
import struct
import threading
from typing import BinaryIO, cast

_NO_LINGER = struct.pack("ii", 1, 0)


class Connection:
    """The connection of a client. Only its own thread reads, writes and closes it."""

    def __init__(self, sock: socket.socket, number: int, owner: "OpenConnections") -> None:
        sock.settimeout(None)
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock = sock
        self.number = number
        self.keep_alive = True
        self.stream = cast(BinaryIO, sock.makefile("rb"))
        self._owner = owner

    def hang_up(self) -> None:
        """Close the connection (FIN), even if a forked child still holds the socket."""
        self.keep_alive = False
        self._owner.close(self, gracefully=True)

    def reset(self) -> None:
        """Reset the connection (RST), as a crashed server does."""
        self.keep_alive = False
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
        self._owner.close(self, gracefully=False)

    def is_closed_by_client(self) -> bool:
        """Return whether the client has closed its end, without reading."""
        try:
            return not self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True


class OpenConnections:
    """The open connections. A socket is closed under the lock: no thread uses a closed one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._closed_by_client: set[Connection] = set()
        self.opened = 0
        self.peak = 0

    def add(self, sock: socket.socket) -> Connection:
        with self._lock:
            self.opened += 1
            connection = Connection(sock, self.opened, self)
            self._open.add(connection)
            self._closed_by_client |= {other for other in self._open if other.is_closed_by_client()}
            self.peak = max(self.peak, len(self._open - self._closed_by_client))
            return connection

    def close(self, connection: Connection, *, gracefully: bool) -> None:
        with self._lock:
            if connection not in self._open:
                return
            self._open.discard(connection)
            self._closed_by_client.discard(connection)
            if gracefully:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
            connection.stream.close()
            connection.sock.close()

    def shut_down_all(self) -> None:
        """Interrupt the reads and writes of all threads; each thread then closes its socket."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def close_in_child(self) -> None:
        """Close the sockets of a forked child. Without the lock: its owner may not exist there."""
        for connection in list(self._open):
            os.close(connection.sock.detach())
        self._open.clear()
