"""The private names of luigi and tornado that `ops/` relies on, each used in this module alone.

A test looks for each of them, and fails with the name of one that a new version lacks.
"""

from collections.abc import Callable
from typing import Any

from luigi.rpc import RemoteScheduler
from luigi.scheduler import Scheduler, SimpleTaskState

NAMES = (
    "luigi.scheduler.Scheduler._state",
    "luigi.scheduler.SimpleTaskState._metrics_collector",
    "luigi.rpc.RemoteScheduler._get_retryer",
    "luigi.rpc.RemoteScheduler._rpc_retry_attempts",
    "luigi.rpc.RemoteScheduler._rpc_retry_wait",
    "tornado.httpserver.HTTPServer._connections",
)


def set_state(scheduler: Scheduler, state: SimpleTaskState, collector: Any) -> None:
    """Have a scheduler keep its tasks in this state, and count them with this collector."""
    state._metrics_collector = collector
    scheduler._state = state


def connection_count(server: Any) -> int:
    """Return how many connections a tornado HTTPServer has open."""
    return len(server._connections)


def set_retryer(retryer: Callable[[RemoteScheduler], Any]) -> None:
    """Have every client of luigid in this process repeat its calls so."""
    RemoteScheduler._get_retryer = retryer


def retry_limits(client: RemoteScheduler) -> tuple[int, float]:
    """Return how often a client calls luigid at most, and the seconds in between."""
    return client._rpc_retry_attempts, client._rpc_retry_wait
