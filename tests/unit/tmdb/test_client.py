"""Fetching a movie list: its pages, their order, and answers that are not accepted."""

from __future__ import annotations

import contextlib
import itertools
import json
import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import support.fake_tmdb as fake
import time_machine
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.stopped_clock import StoppedClock
from support.transports import make_session

from pipeline.catalog import Genre, MovieList
from pipeline.errors import (
    AnswerNotUnderstood,
    CredentialRefused,
    RequestRejected,
    TmdbError,
    TmdbUnavailable,
)
from pipeline.tmdb import client
from pipeline.tmdb.client import MAX_FAILURE_AGE_SECONDS, Client

POPULAR = "/movie/popular"
TRENDING = "/trending/movie/day"
DISCOVER = "/discover/movie"

Opener = Callable[..., Client]


@pytest.fixture
def open_client(tmdb: FakeTmdb) -> Iterator[Opener]:
    """Make clients that hardly wait between attempts; all are closed in the end."""
    with contextlib.ExitStack() as stack:

        def make(
            url: str = tmdb.url, secret: str = V3_KEY, connections: int = 4, **given: Any
        ) -> Client:
            hardly_waiting = {"retries": 2, "backoff_seconds": 0.001, "connections": connections}
            session = stack.enter_context(make_session(url, secret, **(hardly_waiting | given)))
            return Client(session, "ko-KR", "KR", connections)

        yield make


def popular(pages: int) -> MovieList:
    return MovieList(name="popular", endpoint=POPULAR, cadence="daily", pages=pages)


def trending(pages: int) -> MovieList:
    return MovieList(
        name="trending", endpoint=TRENDING, cadence="daily", pages=pages, by_region=False
    )


HORROR = MovieList(
    name="horror",
    endpoint=DISCOVER,
    cadence="weekly",
    pages=2,
    parameters={"with_genres": "27", "sort_by": "popularity.desc"},
    genre=Genre(27, "horror", "공포"),
)


# --- The pages --------------------------------------------------------------------------------


def test_pages_are_in_the_order_of_the_list_whatever_order_they_arrive_in(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    for page, seconds in ((2, 0.2), (3, 0.1), (5, 0.05)):
        tmdb.fail(fake.slow_headers(seconds), page=page)

    fetched = open_client().fetch(popular(6))

    assert [page.page for page in fetched.pages] == [1, 2, 3, 4, 5, 6]
    ids = [film["id"] for page in fetched.pages for film in page.results]
    assert ids == list(range(100_001, 100_121))
    assert not fetched.demo
    assert tmdb.pages(POPULAR) == [1, 2, 3, 4, 5, 6]


def test_the_second_list_of_a_client_is_complete_too(tmdb: FakeTmdb, open_client: Opener) -> None:
    client = open_client()
    client.fetch(trending(1))

    fetched = client.fetch(popular(3))

    assert [page.page for page in fetched.pages] == [1, 2, 3]
    assert tmdb.pages(POPULAR) == [1, 2, 3]


def test_each_list_has_statistics_of_its_own(
    open_client: Opener, stopped_clock: StoppedClock
) -> None:
    def rows(name: str, page: int, query: Mapping[str, str]) -> None:
        stopped_clock.now += 1.50004

    with FakeTmdb(limit=None, rows=rows) as tmdb:
        client = open_client(tmdb.url)
        first, second = client.fetch(popular(2)).stats, client.fetch(popular(3)).stats

    assert (first.requests, second.requests) == (2, 3)
    assert first.bytes_received > 2_000
    assert 1.2 < second.bytes_received / first.bytes_received < 1.8
    assert (first.duration_seconds, second.duration_seconds) == (3.0, 4.5)


def test_the_first_page_goes_alone_until_the_key_is_known_to_be_right(
    open_client: Opener,
) -> None:
    alone = True
    others, all_three = threading.Barrier(2, timeout=20), threading.Barrier(3, timeout=20)

    def rows(name: str, page: int, query: Mapping[str, str]) -> None:
        if not alone:
            all_three.wait()
        elif page > 1:
            others.wait()

    with FakeTmdb(limit=None, rows=rows) as tmdb:
        client = open_client(tmdb.url)
        client.fetch(popular(3))
        assert tmdb.peak_in_flight == 2
        alone = False
        client.fetch(popular(3))
        assert tmdb.peak_in_flight == 3


def test_a_movie_on_two_pages_is_kept_on_both(open_client: Opener) -> None:
    """Dropping the second is the document's business, which counts them."""
    with FakeTmdb(limit=None, repeat_last_on_next_page=True) as tmdb:
        pages = open_client(tmdb.url).fetch(popular(3)).pages

    for before, after in itertools.pairwise(pages):
        assert before.results[-1] == after.results[0]
    assert sum(len(page.results) for page in pages) == 60


def test_rows_are_kept_exactly_as_received(open_client: Opener) -> None:
    strange = (
        '{"title": "기생충 \\u0001", "id": 1, "adult": false, "vote_average": 8, "popularity": 8.0,'
        ' "new_key": {"z": [1, 1.0, null], "a": 12345678901234567890}, "release_date": ""}'
    )
    row = json.loads(strange)
    with FakeTmdb(limit=None, rows=lambda *_: [row, {"id": 2}]) as tmdb:
        (page,) = open_client(tmdb.url).fetch(popular(1)).pages

    assert json.dumps(page.results, ensure_ascii=False) == json.dumps(
        [row, {"id": 2}], ensure_ascii=False
    )


def test_the_totals_of_each_page_are_kept_as_claimed(tmdb: FakeTmdb, open_client: Opener) -> None:
    tmdb.fail(fake.edit(lambda document: document.update(total_results=9_999)), page=2)

    pages = open_client().fetch(popular(3)).pages

    assert [page.total_results for page in pages] == [10_000, 9_999, 10_000]
    assert {page.total_pages for page in pages} == {500}


# --- What is requested ----------------------------------------------------------------------------


def test_language_and_region_are_sent(tmdb: FakeTmdb, open_client: Opener) -> None:
    open_client().fetch(popular(2))

    for number, request in enumerate(tmdb.requests, start=1):
        assert dict(request.query) == {
            "language": "ko-KR",
            "region": "KR",
            "page": str(number),
            "api_key": V3_KEY,
        }


def test_trending_is_requested_without_a_region(tmdb: FakeTmdb, open_client: Opener) -> None:
    open_client().fetch(trending(1))

    (request,) = tmdb.requests
    assert dict(request.query) == {"language": "ko-KR", "page": "1", "api_key": V3_KEY}


def test_a_genre_is_requested_by_its_id(tmdb: FakeTmdb, open_client: Opener) -> None:
    pages = open_client().fetch(HORROR).pages

    assert all(film["genre_ids"] == [27] for page in pages for film in page.results)
    assert all(request.query["sort_by"] == "popularity.desc" for request in tmdb.requests)


def test_a_wrong_key_costs_a_run_one_request(tmdb: FakeTmdb, open_client: Opener) -> None:
    key = uuid.uuid4().hex
    for each in (popular(20), trending(20), HORROR):
        with pytest.raises(CredentialRefused, match="TMDB_API_KEY"):
            open_client(secret=key).fetch(each)

    assert tmdb.count() == 1


def test_the_next_attempt_of_a_list_tries_everything_again(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    """As an unattended run does after its delay."""
    tmdb.fail(fake.refused())
    for each in (popular(2), trending(2)):
        with pytest.raises(CredentialRefused):
            open_client().fetch(each)

    for each in (popular(2), trending(2)):
        assert len(open_client().fetch(each).pages) == 2


def test_a_failure_is_not_believed_for_long_nor_of_another_key_or_host(
    tmdb: FakeTmdb, open_client: Opener, stopped_clock: StoppedClock
) -> None:
    def fail() -> None:
        tmdb.fail(fake.refused())
        with pytest.raises(CredentialRefused):
            open_client().fetch(popular(2))

    fail()
    stopped_clock.now += MAX_FAILURE_AGE_SECONDS
    assert open_client().fetch(trending(2))
    with FakeTmdb(limit=None) as elsewhere:
        fail()
        assert open_client(elsewhere.url).fetch(trending(2))
        fail()
        assert open_client(elsewhere.url, uuid.uuid4().hex).fetch(trending(2))


@pytest.mark.parametrize("content", [b"", b"half a", b"\x80\x04."])
def test_a_damaged_note_of_a_failure_is_ignored(
    content: bytes, tmdb: FakeTmdb, open_client: Opener
) -> None:
    client._FAILURE[:] = content.ljust(4096)
    assert open_client().fetch(popular(1))


def test_a_host_that_does_not_answer_is_tried_with_one_page_only(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    tmdb.fail(fake.reset(), times=None)

    with pytest.raises(TmdbUnavailable):
        open_client().fetch(popular(20))

    assert tmdb.pages(POPULAR) == [1, 1, 1]


# --- Progress ---------------------------------------------------------------------------------


@pytest.mark.parametrize("pages", [1, 2, 7])
def test_progress_never_falls_and_ends_with_all_pages(open_client: Opener, pages: int) -> None:
    seen: list[tuple[int, int]] = []
    with FakeTmdb(limit=None) as tmdb:
        client = open_client(tmdb.url)
        for _ in range(2):
            seen.clear()
            client.fetch(popular(pages), lambda done, total: seen.append((done, total)))

            counts = [done for done, _ in seen]
            assert counts == sorted(counts)
            assert seen[-1] == (pages, pages)
            assert {total for _, total in seen} == {pages}


def test_progress_is_reported_while_pages_are_still_missing(open_client: Opener) -> None:
    """The last page is answered once the progress of the others was reported."""
    seen: list[int] = []
    three_seen = threading.Event()

    def rows(name: str, page: int, query: Mapping[str, str]) -> None:
        assert page != 4 or three_seen.wait(20)

    def on_page(done: int, total: int) -> None:
        seen.append(done)
        if done == 3:
            three_seen.set()

    with FakeTmdb(limit=None, rows=rows) as tmdb:
        open_client(tmdb.url).fetch(popular(4), on_page)

    assert seen[0] == 1
    assert seen[-1] == 4


# --- Answers that are not accepted ------------------------------------------------------------


def test_another_page_than_requested_is_retried(tmdb: FakeTmdb, open_client: Opener) -> None:
    tmdb.fail(fake.edit(lambda document: document.update(page=1)), page=2)

    pages = open_client().fetch(popular(3)).pages

    assert [page.results[0]["id"] for page in pages] == [100_001, 100_021, 100_041]
    assert tmdb.pages(POPULAR) == [1, 2, 2, 3]


def test_another_page_than_requested_is_reported_after_the_last_attempt(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    tmdb.fail(fake.edit(lambda document: document.update(page=1)), page=2, times=None)

    with pytest.raises(TmdbUnavailable, match=f"{POPULAR}.*page 2 came as page 1"):
        open_client().fetch(popular(3))

    assert tmdb.pages(POPULAR).count(2) == 3


def test_an_empty_page_within_the_list_is_retried(tmdb: FakeTmdb, open_client: Opener) -> None:
    tmdb.fail(fake.empty_page(), page=2)

    pages = open_client().fetch(popular(3)).pages

    assert [len(page.results) for page in pages] == [20, 20, 20]
    assert tmdb.pages(POPULAR) == [1, 2, 2, 3]


def test_an_empty_page_within_the_list_is_reported_after_the_last_attempt(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    tmdb.fail(fake.empty_page(), page=2, times=None)

    with pytest.raises(TmdbUnavailable, match=f"{POPULAR}.*page 2 of 500 came empty"):
        open_client().fetch(popular(3))

    assert tmdb.pages(POPULAR).count(2) == 3


def test_a_last_page_that_holds_less_than_its_totals_say_is_retried(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    nothing = {"page": 1, "results": [], "total_pages": 1, "total_results": 1}
    tmdb.fail(fake.json_body(nothing), page=1)

    assert len(open_client().fetch(popular(1)).pages[0].results) == 20
    assert tmdb.pages(POPULAR) == [1, 1]


@pytest.mark.parametrize("warmed_up", [False, True], ids=["first list", "later list"])
def test_a_list_that_ends_early_is_accepted_with_a_warning(
    warmed_up: bool, open_client: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    with FakeTmdb(limit=None, total_pages=2) as tmdb:
        client = open_client(tmdb.url)
        if warmed_up:
            client.fetch(trending(1))
        pages = client.fetch(popular(5)).pages

    assert [film["id"] for page in pages for film in page.results] == list(range(100_001, 100_041))
    assert warnings_in(caplog) == ["popular: the list ends early, 2 of 5 pages held movies"]


@pytest.mark.parametrize("warmed_up", [False, True], ids=["first list", "later list"])
@pytest.mark.parametrize("claimed", [0, 1, 3])
def test_the_same_pages_are_requested_whatever_the_first_one_says_of_their_number(
    claimed: int, warmed_up: bool, tmdb: FakeTmdb, open_client: Opener
) -> None:
    client = open_client()
    if warmed_up:
        client.fetch(trending(1))
    tmdb.fail(fake.edit(lambda page: page.update(total_pages=claimed)), path=POPULAR, page=1)

    fetched = client.fetch(popular(5))

    assert tmdb.pages(POPULAR) == [1, 2, 3, 4, 5]
    assert sum(len(page.results) for page in fetched.pages) == 100


def test_an_empty_list_is_accepted_with_a_warning(
    tmdb: FakeTmdb, open_client: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    nothing = {"results": [], "total_pages": 1, "total_results": 0}
    tmdb.fail(fake.edit(lambda page: page.update(nothing)), times=None)

    pages = open_client().fetch(popular(5)).pages

    assert [page.results for page in pages] == [[]] * 5
    assert warnings_in(caplog) == ["popular: the list ends early, 0 of 5 pages held movies"]


def test_a_complete_list_causes_no_warning(
    open_client: Opener, caplog: pytest.LogCaptureFixture
) -> None:
    open_client().fetch(popular(3))

    assert warnings_in(caplog) == []


def warnings_in(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.name == "luigi-interface.pipeline" and record.levelno >= logging.WARNING
    ]


PAGE = {"page": 1, "results": [{"id": 1}], "total_pages": 1, "total_results": 1}
NO_ROWS: tuple[object, ...] = (None, 7, [], "")
UNFIT: dict[str, tuple[object, str]] = {
    **{f"no {field}": ({k: v for k, v in PAGE.items() if k != field}, field) for field in PAGE},
    **{
        f"{field} is {value!r}": (PAGE | {field: value}, field)
        for field, value in [
            ("page", "1"),
            ("page", 1.0),
            ("page", True),
            ("page", None),
            ("results", {}),
            ("results", None),
            ("results", "film"),
            ("total_pages", "1"),
            ("total_pages", 1.5),
            ("total_results", None),
            ("total_results", False),
        ]
    },
    **{f"a row is {row!r}": (PAGE | {"results": [row]}, "results[0]") for row in NO_ROWS},
    **{
        f"a row is {row!r}": (PAGE | {"results": [row]}, "results[0].id")
        for row in ({"id": None}, {"id": "1"}, {"id": 1.0}, {"id": True})
    },
    "a row has no id": (PAGE | {"results": [{}]}, "results[0]"),
    "the second row is bad": (PAGE | {"results": [{"id": 1}, {"id": "2"}]}, "results[1].id"),
    **{f"the body is {body!r}": (body, "") for body in ([], [PAGE], None, "text", 5, True)},
}


@pytest.mark.parametrize("name", UNFIT)
def test_an_answer_that_does_not_fit_the_schema_is_reported_with_its_field(
    name: str, tmdb: FakeTmdb, open_client: Opener
) -> None:
    document, field = UNFIT[name]
    tmdb.fail(fake.json_body(document), times=None)

    with pytest.raises(AnswerNotUnderstood) as raised:
        open_client().fetch(popular(5))

    sentence = str(raised.value)
    assert sentence.startswith(f"TMDB's answer to {POPULAR}, page 1, is not a page of a list (")
    assert field in sentence
    assert sentence.endswith("TMDB_API_URL has changed; nothing was written.")
    assert tmdb.count() == 1


def test_a_lone_surrogate_does_not_fail_the_list(open_client: Opener) -> None:
    row = {"id": 1, "title": "half \ud83d"}
    with FakeTmdb(limit=None, rows=lambda *_: [row]) as tmdb:
        (page,) = open_client(tmdb.url).fetch(popular(1)).pages

    assert page.results == [{"id": 1, "title": "half \ufffd"}]


# --- A page that fails ------------------------------------------------------------------------


def test_a_page_that_fails_stops_the_others_soon(open_client: Opener) -> None:
    with FakeTmdb(limit=None, latency=0.05) as tmdb:
        tmdb.fail(fake.status(404), page=3, times=None)

        with pytest.raises(RequestRejected):
            open_client(tmdb.url, connections=4).fetch(popular(200))

        assert tmdb.count() <= 1 + 3 * 4
        assert tmdb.pages(POPULAR).count(3) == 1


def test_a_page_that_fails_ends_the_pauses_of_the_others(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    """A pause to its end would take longer than a test may."""
    tmdb.fail(fake.status(503), page=2, times=None)
    tmdb.fail(fake.status(404), page=3, times=None)

    with pytest.raises(RequestRejected):
        open_client(backoff_seconds=500).fetch(popular(10))

    assert tmdb.pages(POPULAR).count(2) <= 1


def test_a_credential_refused_within_the_list_stops_it(open_client: Opener) -> None:
    with FakeTmdb(limit=None, latency=0.02) as tmdb:
        tmdb.fail(fake.refused(), page=4, times=None)

        with pytest.raises(CredentialRefused):
            open_client(tmdb.url, uuid.uuid4().hex).fetch(popular(100))

        assert tmdb.count() <= 1 + 3 * 4


def test_the_client_can_be_used_again_after_a_list_failed(
    tmdb: FakeTmdb, open_client: Opener
) -> None:
    client = open_client(connections=2)
    tmdb.fail(fake.status(404), page=2)
    with pytest.raises(TmdbError):
        client.fetch(popular(10))

    assert len(client.fetch(popular(10)).pages) == 10


def test_the_statistics_of_a_list_are_returned(tmdb: FakeTmdb, open_client: Opener) -> None:
    tmdb.fail(fake.status(503), page=2)

    stats = open_client().fetch(popular(3)).stats

    assert (stats.requests, stats.retries) == (4, 1)
    assert stats.bytes_received > 3 * 1000
    assert stats.duration_seconds > 0


def test_a_list_is_of_the_time_at_which_its_first_page_came(open_client: Opener) -> None:
    with (
        FakeTmdb(limit=None) as tmdb,
        time_machine.travel("2024-01-07T23:59:59+00:00", tick=False) as traveller,
    ):
        client = open_client(tmdb.url)
        fetched = client.fetch(popular(3), lambda done, total: traveller.shift(3600))

    assert fetched.first_page_at.isoformat() == "2024-01-07T23:59:59+00:00"
