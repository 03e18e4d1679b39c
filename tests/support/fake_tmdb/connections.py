"""The sockets: which are open, how many at most, and how each comes to its end."""

import contextlib
import os
import socket
import struct
import threading
from typing import BinaryIO, cast

_LINGER_NOT_AT_ALL = struct.pack("ii", 1, 0)


class Connection:
    """One client. Only its own thread reads, writes and closes it."""

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
        """Ends the connection in order (FIN), even if a forked child still holds the socket."""
        self.keep_alive = False
        self._owner.close(self, in_order=True)

    def reset(self) -> None:
        """Ends it as a crashed server does (RST)."""
        self.keep_alive = False
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT_AT_ALL)
        self._owner.close(self, in_order=False)

    def client_has_gone(self) -> bool:
        """Whether the client has closed its end, known before our thread comes to read it."""
        try:
            return not self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True


class OpenConnections:
    """All of them. A socket is closed under the lock, so that nobody looks at a closed one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: set[Connection] = set()
        self._gone: set[Connection] = set()
        self.opened = 0
        self.peak = 0

    def add(self, sock: socket.socket) -> Connection:
        with self._lock:
            self.opened += 1
            connection = Connection(sock, self.opened, self)
            self._open.add(connection)
            self._gone |= {other for other in self._open if other.client_has_gone()}
            self.peak = max(self.peak, len(self._open - self._gone))
            return connection

    def close(self, connection: Connection, *, in_order: bool) -> None:
        with self._lock:
            if connection not in self._open:
                return
            self._open.discard(connection)
            self._gone.discard(connection)
            if in_order:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)
            connection.stream.close()
            connection.sock.close()

    def wake_all(self) -> None:
        """Ends whatever read or write a thread is blocked in; the thread then closes its own."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def forget_in_child(self) -> None:
        """Takes no lock: the thread that held it does not exist in the child."""
        for connection in list(self._open):
            os.close(connection.sock.detach())
        self._open.clear()
