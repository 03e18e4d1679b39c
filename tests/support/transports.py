"""Transports to the fake TMDB that hardly wait, and requests by them."""

from __future__ import annotations

import contextlib
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import Pacer
from pipeline.tmdb.run_failure import RunFailure
from pipeline.tmdb.transport import Transport

POPULAR = "/movie/popular"
QUERY = {"language": "ko-KR", "page": "1"}

Opener = Callable[..., Transport]


@pytest.fixture
def open_transport(tmdb: FakeTmdb) -> Iterator[Opener]:
    """Make transports that hardly wait between attempts; all are closed in the end."""
    with contextlib.ExitStack() as stack:

        def make(
            url: str = tmdb.url, secret: str = V3_KEY, pacer: Pacer | None = None, **given: Any
        ) -> Transport:
            arguments = {"retries": 2, "connections": 4, "backoff_seconds": 0.001} | given
            made = Transport(url, Credential(secret), pacer, **arguments)
            stack.callback(made.close)
            return made

        yield make


def ask(
    asker: Transport, path: str = POPULAR, stop: threading.Event | None = None, **query: str
) -> Any:
    """Send one request and return the document."""
    return asker.get(path, QUERY | query, lambda _: None, stop or threading.Event()).body


def fresh_key() -> str:
    """A key no other test uses: what is refused once stays refused for this process."""
    return uuid.uuid4().hex


def shared(tmp_path: Path, url: str, key: str) -> RunFailure:
    """Return the failure that all processes of a run share."""
    return RunFailure(tmp_path / "private" / "failure", Credential(key), url)
