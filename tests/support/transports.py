"""Sessions with the fake TMDB that hardly wait, and requests by them."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline.tmdb.client import ApiSession
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.transport import Transport

POPULAR = "/movie/popular"
QUERY = {"language": "ko-KR", "page": "1"}

Opener = Callable[..., ApiSession]


@contextlib.contextmanager
def make_session(
    url: str,
    secret: str = V3_KEY,
    rate_limiter: RateLimiter | None = None,
    connections: int = 1,
    **given: Any,
) -> Iterator[ApiSession]:
    """Lend a session over the network that does not retry."""
    credential = Credential(secret)
    with contextlib.closing(Transport(url, credential, connections=connections)) as transport:
        yield ApiSession(
            transport.send, transport.host, credential, rate_limiter, **({"retries": 0} | given)
        )


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
            return stack.enter_context(make_session(url, secret, rate_limiter, **arguments))

        yield make


def unchanged(body: Any) -> Any:
    """Return a decoded body as it is."""
    return body


def ask(
    session: ApiSession, path: str = POPULAR, stop: threading.Event | None = None, **query: str
) -> Any:
    """Send one request and return the document."""
    return session.get(path, QUERY | query, unchanged, stop or threading.Event())


def fresh_key() -> str:
    """A key that no other test uses."""
    return uuid.uuid4().hex
