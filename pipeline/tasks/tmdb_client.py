"""Make the client of TMDB, or of the embedded catalogue, that the settings describe."""

from __future__ import annotations

import contextlib
import datetime
import multiprocessing
from collections.abc import Iterator, Mapping

import luigi.interface

from pipeline import paths
from pipeline.settings import Settings
from pipeline.tmdb.client import Client
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.response import RawResponse
from pipeline.tmdb.session import ApiSession, Send
from pipeline.tmdb.transport import Transport

# Highest number of connections of a run. TMDB allows 20 per address.
MAX_CONNECTIONS = 16

# Workers of a run that does not say how many: luigi hands their number neither to a process that
# was spawned nor to one that `luigi.build` started.
_USUAL_WORKERS = 4

# The host of the embedded catalogue in messages; nothing is ever looked up or connected to.
_DEMO_HOST = "embedded.catalogue"


@contextlib.contextmanager
def open_client(current: Settings, on: datetime.date) -> Iterator[Client]:
    """Lend a client for one list; the embedded catalogue shows the day, TMDB only knows today.

    Raises:
        SettingsError: no credential is set, or the network's settings cannot be used.
    """
    credential, retries = current.required_credential(), current.max_retries
    connections = connections_of_a_worker()
    with contextlib.ExitStack() as stack:
        if credential.is_demo:
            session = ApiSession(_catalogue(on), _DEMO_HOST, credential, retries=retries)
        else:
            transport = Transport(current.api_url, credential, connections=connections)
            stack.callback(transport.close)
            limiter = open_rate_limiter(current)
            send, host = transport.send, transport.host
            session = ApiSession(send, host, credential, limiter, retries=retries)
        yield Client(session, current.language, current.region, connections)


def connections_of_a_worker() -> int:
    """Return this process's share of the connections, so that a run keeps to the limit."""
    workers = luigi.interface.core().workers
    if workers == 1 and multiprocessing.parent_process() is not None:
        workers = _USUAL_WORKERS
    return int(max(1, MAX_CONNECTIONS // max(1, workers)))


def open_rate_limiter(current: Settings) -> RateLimiter:
    """Return the rate limit that every process of this machine keeps towards the API."""
    return RateLimiter(paths.pace_file(current.api_url), current.requests_per_second)


def _catalogue(on: datetime.date) -> Send:
    from pipeline import demo

    def send(path: str, query: Mapping[str, str]) -> RawResponse:
        reply = demo.answer(path, query, day=on)
        return RawResponse(reply.status, reply.headers, reply.body)

    return send
