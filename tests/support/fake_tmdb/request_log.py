"""The log of requests, and the number of concurrent ones."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Request:
    """A request as it arrived, and the status of the response."""

    at: float
    """The time of arrival in monotonic seconds."""
    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Header names are in Title-Case."""
    status: int | None
    """The status of the response; None if no status line was sent."""
    connection: int


class RequestLog:
    """The requests so far. A request is added before its response is sent."""

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

    def add(self, request: Request) -> None:
        with self._lock:
            self._requests.append(request)

    def add_refusal(self) -> None:
        with self._lock:
            self.refusals += 1

    def start(self) -> None:
        with self._lock:
            self._in_flight += 1
            self.peak_in_flight = max(self.peak_in_flight, self._in_flight)

    def end(self) -> None:
        with self._lock:
            self._in_flight -= 1
