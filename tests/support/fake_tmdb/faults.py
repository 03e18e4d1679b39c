"""Faults, and the schedule of those that wait for their request.

A fault changes the normal reply (`change`), the way it is sent (`deliver`), or both. The
constructors are in content_faults, encoding_faults and transport_faults.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from support.fake_tmdb.catalogue import api_path, page_number
from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.wire import IncomingRequest, Reply


def unchanged(reply: Reply) -> Reply:
    return reply


def send_at_once(exchange: Exchange, reply: Reply) -> None:
    exchange.finish(reply.encode())


@dataclass(frozen=True)
class Fault:
    """A failure of one request."""

    name: str
    change: Callable[[Reply], Reply] = unchanged
    deliver: Callable[[Exchange, Reply], None] = send_at_once
    silent: bool = False
    """Whether no status line is sent."""


@dataclass
class _Scheduled:
    fault: Fault
    path: str | None
    page: int | None
    query: Mapping[str, str]
    times_left: int | None

    def matches(self, request: IncomingRequest) -> bool:
        return (
            self.times_left != 0
            and self.path in (None, api_path(request.path))
            and self.page in (None, page_number(request.query))
            and self.query.items() <= request.query.items()
        )


class Schedule:
    """Faults in the order in which they were scheduled; the first that matches is used."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scheduled: list[_Scheduled] = []

    def add(
        self,
        fault: Fault,
        path: str | None,
        page: int | None,
        query: Mapping[str, str],
        times: int | None,
    ) -> None:
        name = None if path is None else api_path(path)
        with self._lock:
            self._scheduled.append(_Scheduled(fault, name, page, query, times))

    def clear(self) -> None:
        with self._lock:
            self._scheduled.clear()

    def take(self, request: IncomingRequest) -> Fault | None:
        with self._lock:
            for scheduled in self._scheduled:
                if scheduled.matches(request):
                    if scheduled.times_left is not None:
                        scheduled.times_left -= 1
                    return scheduled.fault
        return None
