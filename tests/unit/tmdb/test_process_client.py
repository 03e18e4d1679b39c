"""The client that a process keeps: over the network or from the embedded catalogue, as is set."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline import settings
from pipeline.catalog import FilmList
from pipeline.errors import RequestRejected, SettingsError, TmdbUnavailable
from pipeline.paths import acceptance_file, pace_file
from pipeline.settings import Settings
from pipeline.tmdb import client
from pipeline.tmdb.client import Client, Fetched, open_client

Given = Callable[..., Settings]

DAY = datetime.date(2024, 1, 7)
LATER = datetime.date(2024, 3, 7)
POPULAR = FilmList("popular", "daily_popular", "/movie/popular", pages=3)


@pytest.fixture(autouse=True)
def _none_of_another_test() -> Iterator[None]:
    client._client.cache_clear()
    yield
    client._client.cache_clear()


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


def fetched(given: Settings, on: datetime.date = DAY) -> Fetched:
    with open_client(given, 2, on) as opened:
        return opened.fetch(POPULAR)


def films(on: datetime.date, given: Settings) -> list[Any]:
    return [film for page in fetched(given, on).pages for film in page.films]


def lent(given: Settings, connections: int = 2, on: datetime.date = DAY) -> Client:
    with open_client(given, connections, on) as opened:
        return opened


def test_tmdb_is_asked_as_the_settings_say(network: Settings, tmdb: FakeTmdb) -> None:
    got = fetched(network)

    assert not got.demo
    assert [page.number for page in got.pages] == [1, 2, 3]
    for request in tmdb.requests:
        assert request.query["api_key"] == V3_KEY
        assert (request.query["language"], request.query["region"]) == ("ja-JP", "JP")


def test_pace_and_acceptance_are_kept_for_the_machine(network: Settings, tmdb: FakeTmdb) -> None:
    assert not acceptance_file(tmdb.url).exists()
    fetched(network)
    assert pace_file(tmdb.url).stat().st_size == (2 + 2) * 8
    assert acceptance_file(tmdb.url).exists()


def test_the_pace_is_the_one_that_is_set(given: Given, network: Settings) -> None:
    slow = given(TMDB_REQUESTS_PER_SECOND="2")
    effort = fetched(slow).effort
    assert effort.duration_seconds > 0.3


def test_it_tries_again_as_often_as_is_set(network: Settings, tmdb: FakeTmdb) -> None:
    tmdb.fail(fake.status(503), times=None)
    with pytest.raises(TmdbUnavailable, match="in 1 attempts"):
        fetched(network)


@pytest.mark.parametrize(("asked", "most"), [(3, 3), (16, 16), (99, 16)])
def test_it_never_opens_more_than_sixteen_connections(
    network: Settings, asked: int, most: int
) -> None:
    assert lent(network, asked)._transport.connections == most


def test_a_process_keeps_one_client_for_the_same_settings(given: Given, network: Settings) -> None:
    kept = lent(network)
    assert lent(network) is kept
    assert lent(network, on=LATER) is kept, "TMDB only knows today"
    assert lent(given(TMDB_REGION="US")) is not kept


@pytest.mark.parametrize("fails", [False, True])
def test_a_process_of_one_task_gives_its_connections_back(
    network: Settings, tmdb: FakeTmdb, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    """Connected again for each list; the process of a whole run stays connected."""
    monkeypatch.setattr("multiprocessing.parent_process", lambda: object())
    kept = lent(network)
    assert lent(network) is not kept
    if fails:
        tmdb.fail(fake.status(404))
        with pytest.raises(RequestRejected):
            fetched(network)
    before = tmdb.connections
    fetched(network)
    assert tmdb.connections > before


def test_the_process_of_a_whole_run_stays_connected(network: Settings, tmdb: FakeTmdb) -> None:
    fetched(network)
    before = tmdb.connections
    fetched(network)
    assert 1 <= before <= tmdb.connections <= 2


def test_the_catalogue_answers_for_the_day_and_says_so(given: Given) -> None:
    demo = given(TMDB_API_KEY="demo")
    got = fetched(demo)
    assert got.demo
    assert [len(page.films) for page in got.pages] == [20, 20, 20]
    assert films(DAY, demo) == films(DAY, demo)
    assert films(DAY, demo) != films(LATER, demo)


def test_the_catalogue_speaks_the_language_that_is_set(given: Given) -> None:
    korean = films(DAY, given(TMDB_API_KEY="demo", TMDB_LANGUAGE="ko-KR"))
    english = films(DAY, given(TMDB_API_KEY="demo", TMDB_LANGUAGE="en-US"))
    assert [film["id"] for film in korean] == [film["id"] for film in english]
    assert [film["title"] for film in korean] != [film["title"] for film in english]


def test_the_catalogue_is_neither_paced_nor_remembered(given: Given) -> None:
    demo = given(TMDB_API_KEY="demo", TMDB_REQUESTS_PER_SECOND="1")
    films(DAY, demo)
    assert not Path(pace_file(demo.api_url)).parent.exists()


def test_nothing_is_opened_without_a_credential(given: Given) -> None:
    with pytest.raises(SettingsError, match="TMDB_API_KEY"):
        lent(given())
