"""Requests to TMDB: what is sent, retried or given up, and what no log may ever show."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import FakeTmdb
from support.transports import Opener, ask

from pipeline.errors import TmdbUnavailable
from pipeline.tmdb.rate_limit import RateLimiter


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
        ask(open_session(rate_limiter=RateLimiter(pace, 1000)))

    later = open_session(rate_limiter=RateLimiter(pace, 1000))

    assert in_fork(lambda: ask(later)) == "TmdbUnavailable"
    assert tmdb.count() == 1
