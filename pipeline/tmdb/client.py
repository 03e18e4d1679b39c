"""From a film list to its pages: which to ask for, and whether what came was promised."""

from __future__ import annotations

import contextlib
import datetime
import functools
import logging
import multiprocessing
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from pipeline import clock
from pipeline.catalog import FilmList
from pipeline.documents.collect import Effort, Film, Page
from pipeline.errors import AnswerNotUnderstood, TmdbError
from pipeline.paths import acceptance_file, connections_file, pace_file, run_failure_file
from pipeline.settings import Settings
from pipeline.tmdb.connection_limit import ConnectionLimit
from pipeline.tmdb.credential_state import Acceptance
from pipeline.tmdb.faults import Transient
from pipeline.tmdb.rate_limit import Pacer, limits
from pipeline.tmdb.run_failure import UNNAMED, Attempt, RunFailure
from pipeline.tmdb.transport import Answer, CatalogueAdapter, Transport

LOGGER = logging.getLogger("luigi-interface.pipeline")

MOST_CONNECTIONS = 16
"""TMDB allows 20 connections per address; this leaves room for whatever else runs there."""

DEMO_URL = "https://embedded.catalogue/3"
"""Stands for the catalogue in messages; nothing is ever looked up or connected to."""

OnPage = Callable[[int, int], None]
"""Called after each page with the number of pages there and of pages expected."""


class Fetched(NamedTuple):
    """A list as it came: its pages in order, whether a demo catalogue made them up, the effort."""

    pages: tuple[Page, ...]
    demo: bool
    effort: Effort


class Client:
    """Fetches film lists over one transport, in one language and region."""

    def __init__(self, transport: Transport, language: str, region: str) -> None:
        self._transport = transport
        self._pool = ThreadPoolExecutor(transport.connections)
        self._language = language
        self._region = region

    def fetch(
        self,
        film_list: FilmList,
        on_page: OnPage = lambda done, total: None,
        attempt: Attempt = UNNAMED,
    ) -> Fetched:
        """Fetch all pages of the list, several at a time.

        The first request of a process goes alone unless the credential was accepted in the last
        days: a wrong key is then met once and not sixteen times. Every page is requested, whatever
        the first one says of their number: TMDB caches each page by itself. Those past a list's end
        come empty.

        Args:
            film_list: what to fetch.
            on_page: called after each page.
            attempt: which task of which run asks; the same one again is its next attempt.

        Raises:
            TmdbError: see `Transport.get`; the pages that were there are dropped.
        """
        self._transport.begin(attempt)
        try:
            return self._fetched(film_list, on_page)
        except TmdbError:
            self._transport.end()
            raise

    def _fetched(self, film_list: FilmList, on_page: OnPage) -> Fetched:
        before = (self._transport.requests, self._transport.bytes_received, clock.monotonic())
        numbers = range(1, film_list.pages + 1)
        first = [] if self._transport.accepted else [self._page(film_list, 1, threading.Event())]
        if first:
            on_page(1, film_list.pages)
        rest = self._concurrently(film_list, numbers[len(first) :], on_page, done=len(first))
        fetched = [*first, *rest]
        _warn_of_gaps(film_list, [page for page, _ in fetched])
        requests = self._transport.requests - before[0]
        return Fetched(
            pages=tuple(page for page, _ in fetched),
            demo=any(demo for _, demo in fetched),
            effort=Effort(
                requests=requests,
                retries=requests - len(fetched),
                bytes_received=self._transport.bytes_received - before[1],
                duration_seconds=round(clock.monotonic() - before[2], 3),
            ),
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.shutdown(cancel_futures=True)
        self._transport.close()

    def _concurrently(
        self, film_list: FilmList, numbers: Iterable[int], on_page: OnPage, *, done: int
    ) -> list[tuple[Page, bool]]:
        stop = threading.Event()
        futures = [self._pool.submit(self._page, film_list, each, stop) for each in numbers]
        waiting = set(futures)
        try:
            while waiting:
                ready, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
                for future in ready:
                    future.result()
                on_page(done + len(futures) - len(waiting), film_list.pages)
        finally:
            stop.set()
            for future in waiting:
                future.cancel()
            wait(waiting)
        return [future.result() for future in futures]

    def _page(self, film_list: FilmList, number: int, stop: threading.Event) -> tuple[Page, bool]:
        parameters = {"language": self._language, "page": str(number), **dict(film_list.parameters)}
        if film_list.by_region:
            parameters["region"] = self._region

        def check(body: Any) -> None:
            _check_page(body, film_list.endpoint, number)

        answer: Answer = self._transport.get(film_list.endpoint, parameters, check, stop)
        body = answer.body
        page = Page(number, body["results"], body["total_pages"], body["total_results"])
        return page, answer.demo


@contextlib.contextmanager
def open_client(settings: Settings, connections: int, on: datetime.date) -> Iterator[Client]:
    """Lend this process's client for these settings; connections stay open from list to list.

    Not in a process that luigi made for one task: it starts the next one before this has gone, and
    together they would hold more connections than they may. Nor where other processes have taken
    some of the connections. `on` is the day that the embedded catalogue shows; the real TMDB only
    knows today.

    Raises:
        SettingsError: no credential is set.
    """
    demo = settings.required_credential().is_demo
    most = min(connections, MOST_CONNECTIONS)
    limit = contextlib.nullcontext(most) if demo else _limit_of(settings.api_url).lend(most)
    with limit as granted:
        client = _client(os.getpid(), settings, granted, on if demo else None)
        try:
            yield client
        finally:
            if multiprocessing.parent_process() is not None or granted < most:
                _client.cache_clear()
                client.close()


def open_pacer(settings: Settings) -> Pacer:
    """Return the pace that every process of this machine keeps towards the API of the settings."""
    return Pacer(pace_file(settings.api_url), *limits(settings.requests_per_second))


@functools.lru_cache(maxsize=4)
def _limit_of(api_url: str) -> ConnectionLimit:
    return ConnectionLimit(connections_file(api_url), MOST_CONNECTIONS)


@functools.lru_cache(maxsize=4)
def _client(
    process: int, settings: Settings, connections: int, demo_day: datetime.date | None
) -> Client:
    credential = settings.required_credential()
    if demo_day is None:
        pacer = open_pacer(settings)
        acceptance = Acceptance(acceptance_file(settings.api_url), credential, settings.api_url)
        run_failure = RunFailure(run_failure_file(settings.api_url), credential, settings.api_url)
        adapter = None
    else:
        pacer, acceptance, run_failure = None, None, None
        adapter = CatalogueAdapter(demo_day)
    transport = Transport(
        settings.api_url if demo_day is None else DEMO_URL,
        credential,
        pacer,
        retries=settings.max_retries,
        connections=connections,
        adapter=adapter,
        acceptance=acceptance,
        run_failure=run_failure,
    )
    return Client(transport, settings.language, settings.region)


def _check_page(body: Any, endpoint: str, number: int) -> None:
    """See that an answer is the page that was asked for.

    Raises:
        AnswerNotUnderstood: a promised field is missing or of another type.
        Transient: it is another page, or empty though its own totals say otherwise; TMDB caches
            pages one by one, and the next answer may be right.
    """
    where = f"TMDB's answer to {endpoint}, page {number},"
    if not isinstance(body, dict):
        raise AnswerNotUnderstood(f"{where} is no JSON object.", field="")
    for field, kind in (
        ("page", int),
        ("results", list),
        ("total_pages", int),
        ("total_results", int),
    ):
        if type(body.get(field)) is not kind:
            raise _misshapen(where, field, {int: "a whole number", list: "a list"}[kind])
    for place, film in enumerate(body["results"]):
        if not isinstance(film, dict):
            raise _misshapen(where, f"results[{place}]", "an object")
        if type(film.get("id")) is not int:
            raise _misshapen(where, f"results[{place}].id", "a whole number")
    if body["page"] != number:
        raise Transient(f"page {number} came as page {body['page']}")
    if not body["results"] and body["total_results"] > 0 and number <= body["total_pages"]:
        raise Transient(f"page {number} of {body['total_pages']} came empty")


def _misshapen(where: str, field: str, kind: str) -> AnswerNotUnderstood:
    return AnswerNotUnderstood(
        f"{where} does not have {kind} in its field {field}: TMDB or what stands at TMDB_API_URL "
        "has changed; nothing was written.",
        field=field,
    )


def _warn_of_gaps(film_list: FilmList, pages: list[Page]) -> None:
    full = sum(1 for page in pages if page.films)
    if full < film_list.pages:
        LOGGER.warning(
            "%s: the list ends early, %d of %d pages held films",
            film_list.name,
            full,
            film_list.pages,
        )
    if film_list.genre_id is not None:
        strangers = sum(
            not _bears(film, film_list.genre_id) for page in pages for film in page.films
        )
        if strangers:
            LOGGER.warning("%s: %d films are not of that genre", film_list.name, strangers)


def _bears(film: Film, genre_id: int) -> bool:
    genres = film.get("genre_ids")
    return isinstance(genres, list) and genre_id in genres
