"""Requests to TMDB: what is sent, retried or given up, and what no log may ever show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import FakeTmdb
from support.transports import Opener, ask, fresh_key, shared

from pipeline.errors import (
    CredentialRefused,
    TmdbUnavailable,
)
from pipeline.tmdb.rate_limit import Limit, RateLimiter
from pipeline.tmdb.session import ApiSession


def test_a_forked_worker_knows_of_a_refusal_before_and_after_the_fork(
    open_session: Opener, tmp_path: Path
) -> None:
    """Luigi forks a process for each task: one refusal has to stop them all."""
    with FakeTmdb(key=fresh_key(), limit=None) as tmdb:
        wrong, before, after = fresh_key(), tmp_path / "before", tmp_path / "after"

        def asker(folder: Path) -> ApiSession:
            return open_session(tmdb.url, wrong, run_failure=shared(folder, tmdb.url, wrong))

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
    tmdb: FakeTmdb, open_session: Opener, tmp_path: Path
) -> None:
    pace = tmp_path / "pace" / "file"
    tmdb.fail(fake.too_many("86400"))
    with pytest.raises(TmdbUnavailable, match="asks to wait until"):
        ask(open_session(rate_limiter=RateLimiter(pace, Limit(1000, 1000))))

    later = open_session(rate_limiter=RateLimiter(pace, Limit(1000, 1000)))

    assert in_fork(lambda: ask(later)) == "TmdbUnavailable"
    assert tmdb.count() == 1
