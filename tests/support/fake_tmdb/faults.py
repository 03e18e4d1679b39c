"""What a fault is, and the list of those that wait for their request.

A fault may change the normal reply (`change`), or the way it travels (`deliver`), or both. The
constructors stand in the `faults_of_*` modules, by the layer at which a client meets them.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from support.fake_tmdb.catalogue import below_base, page_of
from support.fake_tmdb.exchange import Exchange
from support.fake_tmdb.wire import Asked, Reply


def as_it_is(reply: Reply) -> Reply:
    return reply


def in_one_piece(exchange: Exchange, reply: Reply) -> None:
    exchange.finish(reply.whole())


@dataclass(frozen=True)
class Fault:
    """One way to misbehave, on one request."""

    name: str
    change: Callable[[Reply], Reply] = as_it_is
    deliver: Callable[[Exchange, Reply], None] = in_one_piece
    silent: bool = False
    """No status line is ever sent."""


@dataclass
class _Scheduled:
    fault: Fault
    path: str | None
    page: int | None
    query: Mapping[str, str]
    times_left: int | None

    def matches(self, asked: Asked) -> bool:
        return (
            self.times_left != 0
            and self.path in (None, below_base(asked.path))
            and self.page in (None, page_of(asked.query))
            and self.query.items() <= asked.query.items()
        )


class Schedule:
    """Faults in the order they were asked for; the first that matches is taken."""

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
        name = None if path is None else below_base(path)
        with self._lock:
            self._scheduled.append(_Scheduled(fault, name, page, query, times))

    def clear(self) -> None:
        with self._lock:
            self._scheduled.clear()

    def take(self, asked: Asked) -> Fault | None:
        with self._lock:
            for scheduled in self._scheduled:
                if scheduled.matches(asked):
                    if scheduled.times_left is not None:
                        scheduled.times_left -= 1
                    return scheduled.fault
        return None
