"""The client that a process keeps: over the network or from the embedded catalogue, as is set."""

from __future__ import annotations

import datetime
import os
from collections.abc import Callable

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline import settings
from pipeline.settings import Settings
from pipeline.tmdb.client import Client, open_client

Given = Callable[..., Settings]


DAY = datetime.date(2024, 1, 7)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    """Settings as the environment would give them, with these variables."""

    def make(**variables: str) -> Settings:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        return settings.current()

    return make


@pytest.fixture
def network(given: Given, tmdb: FakeTmdb) -> Settings:
    return given(
        TMDB_API_KEY=V3_KEY, TMDB_API_URL=tmdb.url, TMDB_LANGUAGE="ja-JP", TMDB_REGION="JP",
        TMDB_MAX_RETRIES="0", TMDB_REQUESTS_PER_SECOND="1000",
    )  # fmt: skip


def lent(given: Settings, connections: int = 2, on: datetime.date = DAY) -> Client:
    with open_client(given, connections, on) as opened:
        return opened


def test_a_forked_process_makes_its_own(network: Settings) -> None:
    kept = lent(network)
    child = os.fork()
    if not child:
        os._exit(lent(network) is kept)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
