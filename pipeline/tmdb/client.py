"""Fetch all pages of a movie list, several at a time."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, NamedTuple

from pipeline import clock
from pipeline.catalog import FilmList
from pipeline.tmdb.page import FetchStats, Page
from pipeline.tmdb.response import parse_page
from pipeline.tmdb.session import Answer, ApiSession

LOGGER = logging.getLogger("luigi-interface.pipeline")

PROGRESS_SECONDS = 0.5
"""Longest time between two reports of progress."""

OnProgress = Callable[[int, int], None]
"""Called now and then, and at the end, with the number of pages fetched and of all pages."""


class FetchedList(NamedTuple):
    """The pages of a list in order; `demo` is set if the demo catalogue made them up."""

    pages: tuple[Page, ...]
    demo: bool
    stats: FetchStats


class Client:
    """Fetches movie lists over one session, in one language and region."""

    def __init__(self, session: ApiSession, language: str, region: str) -> None:
        self._session = session
        self._transport = session.transport
        self._pool = ThreadPoolExecutor(self._transport.connections)
        self._language = language
        self._region = region

    def fetch(
        self,
        movie_list: FilmList,
        on_progress: OnProgress = lambda done, total: None,
    ) -> FetchedList:
        """Fetch all pages of the list.

        The first request goes alone unless the credential was accepted in the last days: a wrong
        key is then met once and not sixteen times. Every page is requested, whatever the first one
        says of their number: TMDB caches each page by itself. Those past a list's end come empty.

        Args:
            movie_list: what to fetch.
            on_progress: called while pages arrive.

        Raises:
            TmdbError: see `ApiSession.get`; the pages that were there are dropped.
        """
        transport, began = self._transport, clock.monotonic()
        requests, received = transport.requests, transport.bytes_received
        numbers = range(1, movie_list.pages + 1)
        answers: list[Answer[Page]] = []
        if not self._session.accepted:
            answers.append(self._page(movie_list, 1, threading.Event()))
            on_progress(1, movie_list.pages)
        answers += self._concurrently(movie_list, numbers[len(answers) :], on_progress)
        pages = tuple(answer.body for answer in answers)
        _warn_of_gaps(movie_list, pages)
        requests = transport.requests - requests
        return FetchedList(
            pages=pages,
            demo=any(answer.demo for answer in answers),
            stats=FetchStats(
                requests=requests,
                retries=requests - len(pages),
                bytes_received=transport.bytes_received - received,
                duration_seconds=round(clock.monotonic() - began, 3),
            ),
        )

    def close(self) -> None:
        """Close all connections."""
        self._pool.shutdown(cancel_futures=True)
        self._session.close()

    def _concurrently(
        self, movie_list: FilmList, numbers: Iterable[int], on_progress: OnProgress
    ) -> list[Answer[Page]]:
        stop = threading.Event()
        futures = [self._pool.submit(self._page, movie_list, each, stop) for each in numbers]
        waiting = set(futures)
        try:
            while waiting:
                ready, waiting = wait(
                    waiting, timeout=PROGRESS_SECONDS, return_when=FIRST_EXCEPTION
                )
                for future in ready:
                    future.result()
                on_progress(movie_list.pages - len(waiting), movie_list.pages)
        finally:
            stop.set()
            for future in waiting:
                future.cancel()
            wait(waiting)
        return [future.result() for future in futures]

    def _page(self, movie_list: FilmList, number: int, stop: threading.Event) -> Answer[Page]:
        query = {"language": self._language, "page": str(number), **dict(movie_list.parameters)}
        if movie_list.by_region:
            query["region"] = self._region
        endpoint = movie_list.endpoint
        return self._session.get(
            endpoint, query, lambda body: parse_page(body, endpoint, number), stop
        )


def _warn_of_gaps(movie_list: FilmList, pages: Iterable[Page]) -> None:
    rows = [page.results for page in pages]
    full = sum(map(bool, rows))
    if full < movie_list.pages:
        LOGGER.warning(
            "%s: the list ends early, %d of %d pages held movies",
            movie_list.name,
            full,
            movie_list.pages,
        )
    if movie_list.genre_id is not None:
        of_others = sum(not _has_genre(row, movie_list.genre_id) for each in rows for row in each)
        if of_others:
            LOGGER.warning("%s: %d movies are not of that genre", movie_list.name, of_others)


def _has_genre(row: dict[str, Any], genre_id: int) -> bool:
    genres = row.get("genre_ids")
    return isinstance(genres, list) and genre_id in genres
