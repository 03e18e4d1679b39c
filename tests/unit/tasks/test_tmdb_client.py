"""The client that the settings describe: over the network or from the embedded catalogue."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import luigi.interface
import pytest
import support.fake_tmdb as fake
from support.fake_tmdb import V3_KEY, FakeTmdb

from pipeline import settings
from pipeline.catalog import MovieList
from pipeline.errors import SettingsError, TmdbUnavailable
from pipeline.paths import pace_file
from pipeline.settings import Settings
from pipeline.tasks.tmdb_client import connections_of_a_worker, open_client
from pipeline.tmdb.client import FetchedList

Given = Callable[..., Settings]

DAY = datetime.date(2024, 1, 7)
LATER = datetime.date(2024, 3, 7)
POPULAR = MovieList(name="popular", endpoint="/movie/popular", cadence="daily", pages=3)


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
    with open_client(given, on) as opened:
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


def test_the_rate_limit_is_kept_for_the_machine(network: Settings, tmdb: FakeTmdb) -> None:
    fetched(network)
    assert pace_file(tmdb.url).stat().st_size == 2 * 8


def test_the_rate_limit_is_the_one_that_is_set(given: Given, network: Settings) -> None:
    slow = given(TMDB_REQUESTS_PER_SECOND="2")
    stats = fetched(slow).stats
    assert stats.duration_seconds > 0.3


def test_it_retries_as_often_as_is_set(network: Settings, tmdb: FakeTmdb) -> None:
    tmdb.fail(fake.status(503), times=None)
    with pytest.raises(TmdbUnavailable, match="in 1 attempts"):
        fetched(network)


@pytest.mark.parametrize(("workers", "connections"), [(1, 16), (4, 4), (5, 3), (99, 1)])
def test_the_workers_of_a_run_share_sixteen_connections(
    workers: int, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(luigi.interface, "core", lambda: SimpleNamespace(workers=workers))
    assert connections_of_a_worker() == connections


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


def test_the_catalogue_has_no_rate_limit(given: Given) -> None:
    demo = given(TMDB_API_KEY="demo", TMDB_REQUESTS_PER_SECOND="1")
    films(DAY, demo)
    assert not Path(pace_file(demo.api_url)).parent.exists()


def test_nothing_is_opened_without_a_credential(given: Given) -> None:
    with pytest.raises(SettingsError, match="TMDB_API_KEY"), open_client(given(), DAY):
        pass
