"""One request's answer under way: what a delivery may do to the client."""

import threading
from collections.abc import Callable

from support.fake_tmdb.connections import Connection


class Exchange:
    """Counts as in flight until its last byte, or its connection's end, is on the way."""

    def __init__(
        self, connection: Connection, stopping: threading.Event, left: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._stopping = stopping
        self._left = left
        self._over = False

    def send(self, data: bytes) -> None:
        """Sends what is not the last of it."""
        self._connection.sock.sendall(data)

    def finish(self, data: bytes) -> None:
        """Sends the last of it."""
        self.over()
        self.send(data)

    def hang_up(self) -> None:
        self.over()
        self._connection.hang_up()

    def reset(self) -> None:
        self.over()
        self._connection.reset()

    def sleep(self, seconds: float) -> None:
        """Waits, but never longer than the server lives."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError("the fake is shutting down")

    def over(self) -> None:
        """Left before the last byte is sent: a client's next request must not count as a second."""
        if not self._over:
            self._over = True
            self._left()
