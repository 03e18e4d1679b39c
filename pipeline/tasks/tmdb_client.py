"""Make the client of TMDB, or of the embedded catalogue, that the settings describe."""

from __future__ import annotations

import contextlib
import datetime
import functools
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from pipeline import paths, settings
from pipeline.settings import Settings
from pipeline.tmdb.client import Client
from pipeline.tmdb.connection_limit import ConnectionLimit
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.credential_state import CredentialState
from pipeline.tmdb.rate_limit import RateLimiter, limits
from pipeline.tmdb.run_failure import UNNAMED, Attempt, RunFailure
from pipeline.tmdb.session import ApiSession
from pipeline.tmdb.transport import FunctionAdapter, Network, Transport

MAX_CONNECTIONS = 16
"""Highest number of connections of a machine. TMDB allows 20 per address."""

# The address of the embedded catalogue in messages; nothing is ever looked up or connected to.
_DEMO_URL = "https://embedded.catalogue"


@contextlib.contextmanager
def open_client(
    current: Settings, connections: int, on: datetime.date, attempt: Attempt = UNNAMED
) -> Iterator[Client]:
    """Lend a client for one list.

    Args:
        current: the settings.
        connections: their number, if other processes leave as many.
        on: the day that the embedded catalogue shows; the real TMDB only knows today.
        attempt: which task of which run fetches; the same one again is its next attempt.

    Raises:
        SettingsError: no credential is set, or the network's settings cannot be used.
    """
    credential = current.required_credential()
    with contextlib.ExitStack() as stack:
        if credential.is_demo:
            session = _demo_session(current, credential, connections, on)
        else:
            limit = _connection_limit(current.api_url)
            lent = stack.enter_context(limit.lend(min(connections, MAX_CONNECTIONS)))
            session = _session(current, credential, lent, attempt)
        client = Client(session, current.language, current.region)
        stack.callback(client.close)
        yield client


def open_rate_limiter(current: Settings) -> RateLimiter:
    """Return the rate limit that every process of this machine keeps towards the API."""
    path = paths.pace_file(current.api_url)
    return RateLimiter(path, *limits(current.requests_per_second))


def network_of(api_url: str) -> Network:
    """Return the proxy and certificates for an address, and what variables set them."""
    proxy = f"{urlsplit(api_url).scheme}_proxy"
    return Network(
        api_url,
        settings.first_set(proxy, proxy.upper(), "all_proxy", "ALL_PROXY"),
        settings.first_set("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
    )


def _session(
    current: Settings, credential: Credential, connections: int, attempt: Attempt
) -> ApiSession:
    url = current.api_url
    return ApiSession(
        Transport(url, credential, connections=connections, network=network_of(url)),
        open_rate_limiter(current),
        retries=current.max_retries,
        credential_state=CredentialState(paths.acceptance_file(url), credential, url),
        run_failure=RunFailure(paths.run_failure_file(url), credential, url, attempt),
    )


def _demo_session(
    current: Settings, credential: Credential, connections: int, on: datetime.date
) -> ApiSession:
    from pipeline import demo

    def respond(path: str, query: Mapping[str, str]) -> tuple[int, Mapping[str, str], bytes]:
        reply = demo.answer(path, query, day=on)
        return reply.status, reply.headers, reply.body

    adapter = FunctionAdapter(respond)
    transport = Transport(_DEMO_URL, credential, connections=connections, adapter=adapter)
    return ApiSession(transport, retries=current.max_retries)


@functools.lru_cache(maxsize=4)
def _connection_limit(api_url: str) -> ConnectionLimit:
    """Return the one limit of this process: closing its file would give up every lock."""
    return ConnectionLimit(paths.connections_file(api_url), MAX_CONNECTIONS)
