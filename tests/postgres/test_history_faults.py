"""The hardened luigid while its database is in trouble: nobody waits, no event is lost.

The whole table, beside plain luigid, is measured by benchmarks/history_faults.py.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from support.luigid_load import FAULTS, kept, our_luigid, stopped
from support.postgres import Postgres, Proxy
from support.waiting import wait_for


def test_no_call_waits_and_no_event_is_lost_during_any_fault_of_the_database(
    postgres: Postgres, history_database: str, tmp_path: Path
) -> None:
    """All calls of a trouble are answered before it ends."""
    database = history_database
    with (
        Proxy(postgres.port) as proxy,
        our_luigid(postgres.url(database, proxy.port), tmp_path) as luigid,
    ):
        for name, fault in FAULTS.items():
            luigid.run_task()
            with fault(postgres, proxy, database):
                for _ in range(20):
                    luigid.run_task()
            luigid.run_task()
            wait_for(lambda: luigid.missing(kept(postgres, database)) == 0, 20)
            assert luigid.doubled(kept(postgres, database)) == 0, name


@pytest.mark.parametrize("killed", [False, True])
def test_luigid_starts_and_ends_while_the_database_is_away_and_catches_up_later(
    postgres: Postgres, history_database: str, tmp_path: Path, killed: bool
) -> None:
    database = history_database
    url = postgres.url(database)
    spool = tmp_path / "data/state/history-spool.jsonl"
    with stopped(postgres), our_luigid(url, tmp_path) as first:
        for _ in range(10):
            first.run_task()
        wait_for(lambda: spool.exists() and len(spool.read_text().splitlines()) == 30, 20)
        first.is_killed = killed
    with our_luigid(url, tmp_path):
        wait_for(lambda: kept(postgres, database) == first.events, 20)
    assert not spool.exists()
