"""Fetch all pages of a movie list, several at a time."""

from __future__ import annotations

import logging
import mmap
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import NamedTuple

from pipeline import clock
from pipeline.catalog import MovieList
from pipeline.errors import TmdbError
from pipeline.tmdb.errors import EVERY_LIST
from pipeline.tmdb.page import FetchStats, Page
from pipeline.tmdb.response import parse_page
from pipeline.tmdb.session import ApiSession

LOGGER = logging.getLogger("luigi-interface.pipeline")

# Longest time between two reports of progress.
PROGRESS_SECONDS = 0.5

# Age up to which a failure is believed. The lists of a run fail one right after another.
MAX_FAILURE_AGE_SECONDS = 60.0

# The failure that concerns every list of a run, in memory that forked processes share: without it,
# a week without a network takes 150 s instead of 17 s, and a refused key nine requests instead of
# one for each worker. Processes that are spawned (macOS) each find out for themselves.
_FAILURE = mmap.mmap(-1, 4096)

OnProgress = Callable[[int, int], None]
"""Called now and then, and at the end, with the number of pages fetched and of all pages."""


class FetchedList(NamedTuple):
    """The pages of a list in order; `demo` is set if the demo catalogue made them up."""

    pages: tuple[Page, ...]
    demo: bool
    stats: FetchStats


@dataclass
class Client:
    """Fetches movie lists over one session, in one language and region."""

    session: ApiSession
    language: str
    region: str
    connections: int

    def fetch(
        self, movie_list: MovieList, on_progress: OnProgress = lambda done, total: None
    ) -> FetchedList:
        """Fetch all pages of the list, whatever the first one says of their number, or none.

        TMDB caches each page by itself. Those past a list's end come empty. Raises TmdbError.
        """
        session, name, began = self.session, movie_list.name, clock.monotonic()
        requests, received = session.requests, session.bytes_received
        api = hash((session.host, session.credential))
        _raise_known_failure(api, name)
        try:
            pages = self._pages(movie_list, on_progress)
        except TmdbError as error:
            if error.facts.get("cause") in EVERY_LIST:
                failure = pickle.dumps((error, api, name, clock.monotonic()))
                _FAILURE[:] = failure.ljust(len(_FAILURE))
            raise
        full = sum(bool(page.results) for page in pages)
        if full < len(pages):
            message = "%s: the list ends early, %d of %d pages held movies"
            LOGGER.warning(message, name, full, len(pages))
        requests, received = session.requests - requests, session.bytes_received - received
        seconds = round(clock.monotonic() - began, 3)
        stats = FetchStats(requests, requests - len(pages), received, seconds)
        return FetchedList(tuple(pages), session.is_demo, stats)

    def _pages(self, movie_list: MovieList, on_progress: OnProgress) -> list[Page]:
        """Fetch the first page alone: a wrong key is then met once and not sixteen times."""
        total, stop = movie_list.pages, threading.Event()
        first = self._page(movie_list, 1, stop)
        on_progress(1, total)
        pool = ThreadPoolExecutor(self.connections)
        others = range(2, total + 1)
        futures = [pool.submit(self._page, movie_list, each, stop) for each in others]
        waiting = set(futures)
        try:
            while waiting:
                ready, waiting = wait(waiting, PROGRESS_SECONDS, FIRST_EXCEPTION)
                for future in ready:
                    future.result()
                on_progress(total - len(waiting), total)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
        return [first, *(future.result() for future in futures)]

    def _page(self, movie_list: MovieList, number: int, stop: threading.Event) -> Page:
        query = {"language": self.language, "page": str(number), **dict(movie_list.parameters)}
        if movie_list.by_region:
            query["region"] = self.region
        path = movie_list.endpoint
        return self.session.get(path, query, lambda body: parse_page(body, path, number), stop)


def _raise_known_failure(api: int, list_name: str) -> None:
    """Raise what another list has just met; the list that met it is at its next attempt."""
    try:
        error, failed_api, met_by, at = pickle.loads(_FAILURE[:])  # noqa: S301, of our own processes
    except (pickle.UnpicklingError, EOFError):
        return
    is_recent = clock.monotonic() - at < MAX_FAILURE_AGE_SECONDS
    if is_recent and failed_api == api and met_by != list_name:
        raise error
    _FAILURE[:] = bytes(len(_FAILURE))
