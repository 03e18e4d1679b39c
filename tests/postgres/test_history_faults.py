"""The hardened luigid while its database is in trouble: nobody waits, no event is lost.

The whole table, beside plain luigid, is measured by benchmarks/history_faults.py.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.luigid_load import FAULTS, kept, our_luigid, stopped, until
from support.postgres import Postgres, Proxy, running_postgres


@pytest.fixture(scope="module")
def own_postgres() -> Iterator[Postgres]:
    """A server that may be stopped and frozen."""
    with running_postgres() as server:
        yield server


def test_no_call_waits_and_no_event_is_lost_whatever_befalls_the_database(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    database = own_postgres.new_database()
    with (
        Proxy(own_postgres.port) as proxy,
        our_luigid(own_postgres.url(database, proxy.port), tmp_path) as luigid,
    ):
        for name, fault in FAULTS.items():
            luigid.run_task()
            with fault(own_postgres, proxy, database):
                for _ in range(20):
                    luigid.run_task()
                    time.sleep(0.04)
            luigid.run_task()
            until(lambda: luigid.missing(kept(own_postgres, database)) == 0, 20)
            assert luigid.doubled(kept(own_postgres, database)) == 0, name
        assert statistics.median(luigid.waits) < 0.05
        assert max(luigid.waits) < 1, "a call waited for the database"


@pytest.mark.parametrize("killed", [False, True])
def test_luigid_starts_and_ends_while_the_database_is_away_and_catches_up_later(
    own_postgres: Postgres, tmp_path: Path, killed: bool
) -> None:
    database = own_postgres.new_database()
    url = own_postgres.url(database)
    spool = tmp_path / "data/state/history-spool.jsonl"
    with stopped(own_postgres), our_luigid(url, tmp_path) as first:
        for _ in range(10):
            first.run_task()
        until(lambda: spool.exists() and len(spool.read_text().splitlines()) == 30, 20)
        first.is_killed = killed
    with our_luigid(url, tmp_path):
        until(lambda: kept(own_postgres, database) == first.events, 20)
    assert not spool.exists()
