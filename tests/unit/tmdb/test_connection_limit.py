"""All processes of a user share the connections to one API, and none of them is stuck for it."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.stopped_clock import RecordedWaits, StoppedClock

from pipeline.tmdb import connection_limit
from pipeline.tmdb.connection_limit import ConnectionLimit


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "private" / "connections"


def test_a_process_alone_gets_the_connections_it_wants(path: Path) -> None:
    limit = ConnectionLimit(path, 16)
    for wanted, granted in ((4, 4), (16, 16), (99, 16)):
        with limit.lend(wanted) as number:
            assert number == granted


def test_two_lists_of_one_process_share_them_too(path: Path) -> None:
    limit = ConnectionLimit(path, 16)
    with limit.lend(10) as first, limit.lend(10) as second:
        assert (first, second) == (10, 6)
    with limit.lend(16) as granted:
        assert granted == 16


def test_without_a_usable_file_the_number_is_not_limited(tmp_path: Path) -> None:
    (tmp_path / "private").write_text("a file")
    with ConnectionLimit(tmp_path / "private" / "connections", 16).lend(7) as granted:
        assert granted == 7


def test_a_connection_is_lent_again_as_soon_as_it_is_given_back(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection_limit, "POLL_SECONDS", 0.001)
    limit = ConnectionLimit(path, 2)
    asked, granted = threading.Event(), []

    def take() -> None:
        asked.set()
        with limit.lend(2) as number:
            granted.append(number)

    thread = threading.Thread(target=take)
    with limit.lend(2):
        thread.start()
        assert asked.wait(20)
        assert granted == []
    thread.join(20)
    assert granted == [2]


def test_a_list_that_waited_in_vain_goes_on_with_one_connection(
    path: Path, stopped_clock: StoppedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = ConnectionLimit(path, 2)
    monkeypatch.setattr(limit, "_pause", RecordedWaits(stopped_clock))
    with limit.lend(2), limit.lend(2) as granted:
        assert granted == 1
