"""Sessions with the fake TMDB that hardly wait, and requests by them."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline.tasks.tmdb_client import network_of
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.run_failure import RunFailure
from pipeline.tmdb.session import ApiSession
from pipeline.tmdb.transport import Transport

POPULAR = "/movie/popular"
QUERY = {"language": "ko-KR", "page": "1"}

Opener = Callable[..., ApiSession]


def make_session(
    url: str,
    secret: str = V3_KEY,
    rate_limiter: RateLimiter | None = None,
    connections: int = 1,
    adapter: Any = None,
    **given: Any,
) -> ApiSession:
    """Return a session over the network, or over an adapter, that does not retry."""
    transport = Transport(
        url, Credential(secret), connections=connections, network=network_of(url), adapter=adapter
    )
    return ApiSession(transport, rate_limiter, **({"retries": 0} | given))


@pytest.fixture
def open_session(tmdb: FakeTmdb) -> Iterator[Opener]:
    """Make sessions that hardly wait between attempts; all are closed in the end."""
    with contextlib.ExitStack() as stack:

        def make(
            url: str = tmdb.url,
            secret: str = V3_KEY,
            rate_limiter: RateLimiter | None = None,
            **given: Any,
        ) -> ApiSession:
            arguments = {"retries": 2, "connections": 4, "backoff_seconds": 0.001} | given
            made = make_session(url, secret, rate_limiter, **arguments)
            stack.callback(made.close)
            return made

        yield make


def unchanged(body: Any) -> Any:
    """Return a decoded body as it is."""
    return body


def ask(
    session: ApiSession, path: str = POPULAR, stop: threading.Event | None = None, **query: str
) -> Any:
    """Send one request and return the document."""
    return session.get(path, QUERY | query, unchanged, stop or threading.Event()).body


def fresh_key() -> str:
    """A key no other test uses: what is refused once stays refused for this process."""
    return uuid.uuid4().hex


def shared(tmp_path: Path, url: str, key: str) -> RunFailure:
    """Return the failure that all processes of a run share."""
    return RunFailure(tmp_path / "private" / "failure", Credential(key), url)
