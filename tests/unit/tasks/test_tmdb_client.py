"""The client that the settings describe: over the network or from the embedded catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Callable
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
from pipeline.tasks.tmdb_client import open_client
from pipeline.tmdb.client import FetchedList

Given = Callable[..., Settings]

DAY = datetime.date(2024, 1, 7)
LATER = datetime.date(2024, 3, 7)
POPULAR = FilmList("popular", "daily_popular", "/movie/popular", pages=3)


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


def fetched(given: Settings, on: datetime.date = DAY) -> FetchedList:
    with open_client(given, 2, on) as opened:
        return opened.fetch(POPULAR)


def films(on: datetime.date, given: Settings) -> list[Any]:
    return [film for page in fetched(given, on).pages for film in page.results]


def test_tmdb_is_asked_as_the_settings_say(network: Settings, tmdb: FakeTmdb) -> None:
    got = fetched(network)

    assert not got.demo
    assert [page.page for page in got.pages] == [1, 2, 3]
    for request in tmdb.requests:
        assert request.query["api_key"] == V3_KEY
        assert (request.query["language"], request.query["region"]) == ("ja-JP", "JP")


def test_rate_limit_and_credential_are_kept_for_the_machine(
    network: Settings, tmdb: FakeTmdb
) -> None:
    assert not acceptance_file(tmdb.url).exists()
    fetched(network)
    assert pace_file(tmdb.url).stat().st_size == (2 + 2) * 8
    assert acceptance_file(tmdb.url).exists()


def test_the_rate_limit_is_the_one_that_is_set(given: Given, network: Settings) -> None:
    slow = given(TMDB_REQUESTS_PER_SECOND="2")
    stats = fetched(slow).stats
    assert stats.duration_seconds > 0.3


def test_it_retries_as_often_as_is_set(network: Settings, tmdb: FakeTmdb) -> None:
    tmdb.fail(fake.status(503), times=None)
    with pytest.raises(TmdbUnavailable, match="in 1 attempts"):
        fetched(network)


@pytest.mark.parametrize(("wanted", "granted"), [(3, 3), (16, 16), (99, 16)])
def test_it_never_opens_more_than_sixteen_connections(
    network: Settings, wanted: int, granted: int
) -> None:
    with open_client(network, wanted, DAY) as client:
        assert client._transport.connections == granted


def test_two_clients_of_one_process_share_the_sixteen_connections(network: Settings) -> None:
    with open_client(network, 10, DAY) as first, open_client(network, 10, DAY) as second:
        assert (first._transport.connections, second._transport.connections) == (10, 6)


@pytest.mark.parametrize("fails", [False, True])
def test_a_list_gives_its_connections_back(network: Settings, tmdb: FakeTmdb, fails: bool) -> None:
    if fails:
        tmdb.fail(fake.status(404))
        with pytest.raises(RequestRejected):
            fetched(network)
    before = tmdb.connections
    fetched(network)
    assert tmdb.connections > before


def test_the_catalogue_answers_for_the_day_and_says_so(given: Given) -> None:
    demo = given(TMDB_API_KEY="demo")
    got = fetched(demo)
    assert got.demo
    assert [len(page.results) for page in got.pages] == [20, 20, 20]
    assert films(DAY, demo) == films(DAY, demo)
    assert films(DAY, demo) != films(LATER, demo)


def test_the_catalogue_speaks_the_language_that_is_set(given: Given) -> None:
    korean = films(DAY, given(TMDB_API_KEY="demo", TMDB_LANGUAGE="ko-KR"))
    english = films(DAY, given(TMDB_API_KEY="demo", TMDB_LANGUAGE="en-US"))
    assert [film["id"] for film in korean] == [film["id"] for film in english]
    assert [film["title"] for film in korean] != [film["title"] for film in english]


def test_the_catalogue_has_neither_rate_limit_nor_credential_state(given: Given) -> None:
    demo = given(TMDB_API_KEY="demo", TMDB_REQUESTS_PER_SECOND="1")
    films(DAY, demo)
    assert not Path(pace_file(demo.api_url)).parent.exists()


def test_nothing_is_opened_without_a_credential(given: Given) -> None:
    with pytest.raises(SettingsError, match="TMDB_API_KEY"), open_client(given(), 2, DAY):
        pass
