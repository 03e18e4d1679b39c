"""Sending the response to one request."""

import threading
from collections.abc import Callable

from support.fake_tmdb.connections import Connection


class Exchange:
    """A response that is being sent; in flight until its last byte or the end of the connection."""

    def __init__(
        self, connection: Connection, stopping: threading.Event, on_end: Callable[[], None]
    ) -> None:
        self._connection = connection
        self._stopping = stopping
        self._on_end = on_end
        self._has_ended = False

    def send(self, data: bytes) -> None:
        """Send a part of the response that is not the last one."""
        self._connection.sock.sendall(data)

    def finish(self, data: bytes) -> None:
        """Send the last part of the response."""
        self.end()
        self.send(data)

    def hang_up(self) -> None:
        self.end()
        self._connection.hang_up()

    def reset(self) -> None:
        self.end()
        self._connection.reset()

    def sleep(self, seconds: float) -> None:
        """Wait; raise ConnectionAbortedError if the server is stopped."""
        if self._stopping.wait(seconds):
            raise ConnectionAbortedError("the fake is shutting down")

    def end(self) -> None:
        """Count the response as sent. Called before the last byte: the client may react at once."""
        if not self._has_ended:
            self._has_ended = True
            self._on_end()
