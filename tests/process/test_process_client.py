"""The client that a process keeps is its own, even after a fork."""

from __future__ import annotations

import datetime
import os

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline import settings
from pipeline.tmdb.client import Client, open_client


def lent() -> Client:
    with open_client(settings.current(), 2, datetime.date(2024, 1, 7)) as opened:
        return opened


def test_a_forked_process_makes_its_own(tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMDB_API_KEY", V3_KEY)
    monkeypatch.setenv("TMDB_API_URL", tmdb.url)
    kept = lent()
    assert lent() is kept
    child = os.fork()
    if not child:
        os._exit(lent() is kept)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
