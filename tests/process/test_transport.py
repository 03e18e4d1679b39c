"""Asking TMDB: what is sent, what is tried again or given up, and what nobody may ever see."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline.credential import Credential
from pipeline.errors import (
    CredentialRefused,
    TmdbUnavailable,
)
from pipeline.tmdb.pacing import Limit, Pacer
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


def ask(asker: Transport, path: str = POPULAR, **query: str) -> Any:
    return asker.get(path, QUERY | query, lambda _: None, threading.Event()).body


def fresh_key() -> str:
    """A key no other test uses: what is refused once stays refused for this process."""
    return uuid.uuid4().hex


def shared(tmp_path: Path, url: str, key: str) -> RunFailure:
    return RunFailure(tmp_path / "private" / "failure", Credential(key), url)


def test_a_forked_worker_knows_of_a_refusal_before_and_after_the_fork(
    open_transport: Opener, tmp_path: Path
) -> None:
    """Luigi forks a process for each task: one refusal has to stop them all."""
    with FakeTmdb(key=fresh_key(), limit=None) as tmdb:
        wrong, before, after = fresh_key(), tmp_path / "before", tmp_path / "after"

        def asker(folder: Path) -> Transport:
            return open_transport(tmdb.url, wrong, run_failure=shared(folder, tmdb.url, wrong))

        with pytest.raises(CredentialRefused):
            ask(asker(before))
        assert in_fork(lambda: ask(asker(before))) == "CredentialRefused"
        assert tmdb.count() == 1

        assert in_fork(lambda: ask(asker(after))) == "CredentialRefused"
        assert tmdb.count() == 2
        with pytest.raises(CredentialRefused):
            ask(asker(after))
        assert tmdb.count() == 2


def in_fork(act: Callable[[], object]) -> str:
    """The class of what a forked child raised, or an empty text."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            act()
        except BaseException as error:
            os.write(writing, type(error).__name__.encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as stream:
        raised = stream.read()
    os.waitpid(child, 0)
    return raised


def test_another_process_asks_nothing_before_the_time_is_over(
    tmdb: FakeTmdb, open_transport: Opener, tmp_path: Path
) -> None:
    pace = tmp_path / "pace" / "file"
    tmdb.fail(fake.too_many("86400"))
    with pytest.raises(TmdbUnavailable, match="asks to wait until"):
        ask(open_transport(pacer=Pacer(pace, Limit(1000, 1000))))

    later = open_transport(pacer=Pacer(pace, Limit(1000, 1000)))

    assert in_fork(lambda: ask(later)) == "TmdbUnavailable"
    assert tmdb.count() == 1
