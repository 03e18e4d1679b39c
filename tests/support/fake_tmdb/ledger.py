"""What the fake has seen: every request, and how many at a time."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """One request as it arrived, and the status it was answered with."""

    at: float
    """Arrival, monotonic seconds."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names In-This-Form, whatever the client wrote."""
    status: int | None
    """None when the client never saw a status line."""
    connection: int


class Ledger:
    """Noted before the answer leaves, so a client that has its answer finds the entry here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: list[Request] = []
        self._in_flight = 0
        self.peak_in_flight = 0
        self.refusals = 0

    @property
    def requests(self) -> list[Request]:
        with self._lock:
            return list(self._requests)

    def note(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def refused(self) -> None:
        with self._lock:
            self.refusals += 1

    def entered(self) -> None:
        with self._lock:
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)

    def left(self) -> None:
        with self._lock:
            self._in_flight -= 1
