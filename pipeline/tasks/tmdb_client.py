"""Make the client of TMDB, or of the embedded catalogue, that the settings describe."""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
from collections.abc import Iterator

import luigi.interface

from pipeline import paths, settings
from pipeline.settings import Settings
from pipeline.tmdb.client import ApiSession, Client
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.response import Query, RawResponse
from pipeline.tmdb.transport import Transport


@contextlib.contextmanager
def open_client(current: Settings, on: datetime.date, run: str = "") -> Iterator[Client]:
    """Lend a client for one list; the embedded catalogue shows the day. Raises SettingsError."""
    key, retries = current.required_credential(), current.max_retries
    connections = connections_of_a_worker()

    def ask_catalogue(path: str, query: Query) -> RawResponse:
        from pipeline import demo

        reply = demo.answer(path, query, day=on)
        return RawResponse(reply.status, reply.headers, reply.body)

    with contextlib.ExitStack() as stack:
        if key.is_demo:
            session = ApiSession(ask_catalogue, "embedded.catalogue", key, retries=retries)
        else:
            transport = Transport(current.api_url, key, connections=connections)
            stack.callback(transport.close)
            limiter = open_rate_limiter(current)
            session = ApiSession(transport.send, transport.host, key, limiter, retries=retries)
        yield Client(session, current.language, current.region, connections, run)


def connections_of_a_worker() -> int:
    """Return this process's share of the 16 connections of an address; TMDB allows 20.

    Luigi tells their number to no process that was spawned, nor to one that `luigi.build` started.
    """
    workers = luigi.interface.core().workers
    if workers == 1 and multiprocessing.parent_process() is not None:
        workers = 4
    return int(max(1, 16 // max(1, workers) // settings.current().hosts))


def open_rate_limiter(current: Settings) -> RateLimiter:
    """Return the rate limit that every process of this machine keeps towards the API."""
    return RateLimiter(
        paths.pace_file(current.api_url), current.requests_per_second / current.hosts
    )
