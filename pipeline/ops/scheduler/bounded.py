"""A PostgreSQL connection that gives up on a server which stopped answering.

PostgreSQL's own `statement_timeout` is kept by the server, and a frozen server keeps nothing;
TCP's timeouts do not help either, since the kernel of a frozen server still acknowledges. So the
client itself waits no longer than a set time for each answer, by psycopg2's wait callback.
"""

from __future__ import annotations

import select
from typing import Any

import psycopg2  # type: ignore[import-untyped, unused-ignore]
import psycopg2.extensions  # type: ignore[import-untyped, unused-ignore]

GRACE_SECONDS = 2
"""Seconds that the client waits longer than the time limit of the server."""

_OPEN = (
    psycopg2.extensions.STATUS_READY,
    psycopg2.extensions.STATUS_BEGIN,
    psycopg2.extensions.STATUS_PREPARED,
)


class BoundedConnection(psycopg2.extensions.connection):  # type: ignore[misc, unused-ignore]
    """A connection with two limits; `bounded` sets them."""

    connect_seconds: float = 3
    answer_seconds: float = 5


def limits(connect_seconds: int, statement_seconds: int) -> dict[str, Any]:
    """Return psycopg2's arguments for connections none of whose waits is without an end.

    The server has the shorter time limit, so that it gives up first. A transaction whose client
    vanished is ended by the server, or it would keep its locks.
    """
    answer_seconds = statement_seconds + GRACE_SECONDS
    options = {
        "statement_timeout": statement_seconds * 1000,
        "lock_timeout": max(1, statement_seconds - 1) * 1000,
        "idle_in_transaction_session_timeout": 2 * answer_seconds * 1000,
    }
    return {
        "connection_factory": bounded(connect_seconds, answer_seconds),
        "connect_timeout": connect_seconds,
        "tcp_user_timeout": answer_seconds * 1000,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "options": " ".join(f"-c {name}={value}" for name, value in options.items()),
    }


def bounded(connect_seconds: float, answer_seconds: float) -> type[BoundedConnection]:
    """Return a connection factory whose connections wait so long for each step, then raise.

    psycopg2 has one wait callback for the whole process. It is ours from now on, and leaves
    connections of other makes as patient as they were.
    """
    psycopg2.extensions.set_wait_callback(_wait)
    seconds = {"connect_seconds": connect_seconds, "answer_seconds": answer_seconds}
    return type("Bounded", (BoundedConnection,), seconds)


def _wait(connection: Any) -> None:
    """Wait until the connection has its answer. Raising here makes psycopg2 close it."""
    while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
        poller = select.poll()
        is_reading = state == psycopg2.extensions.POLL_READ
        poller.register(connection.fileno(), select.POLLIN if is_reading else select.POLLOUT)
        seconds = _limit(connection)
        if not poller.poll(None if seconds is None else seconds * 1000):
            raise psycopg2.OperationalError(f"no answer within {seconds:g} seconds")


def _limit(connection: Any) -> float | None:
    if not isinstance(connection, BoundedConnection):
        return None
    return connection.answer_seconds if connection.status in _OPEN else connection.connect_seconds
