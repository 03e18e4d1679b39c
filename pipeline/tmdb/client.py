"""Fetch all pages of a movie list, several at a time, each until there is a usable answer."""

from __future__ import annotations

import datetime
import logging
import mmap
import pickle
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, CancelledError, ThreadPoolExecutor, wait
from dataclasses import KW_ONLY, dataclass, field
from threading import Event, Lock
from typing import Any, NamedTuple, TypeVar

import tenacity

from pipeline import clock
from pipeline.catalog import MovieList
from pipeline.errors import TmdbError
from pipeline.tmdb import errors
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import Failure
from pipeline.tmdb.page import FetchStats, Page
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.response import Query, RawResponse, parse, parse_page

LOGGER = logging.getLogger("luigi-interface.pipeline")

MAX_BACKOFF_SECONDS = 60.0
MAX_WAIT_SECONDS = 600.0  # that TMDB may ask for, and after which a request is not retried
MAX_FAILURE_AGE_SECONDS = 60.0  # the lists of a run fail one right after another
_FAILURE = mmap.mmap(-1, 4096)
# The API that has accepted the credential in this run, in memory that forked processes share.
_ACCEPTED = mmap.mmap(-1, 8)

Progress = Callable[[int, int], None]
T = TypeVar("T")


@dataclass(eq=False)
class ApiSession:
    """Requests to one API, named by host and credential in messages. Threads may share it."""

    send: Callable[[str, Query], RawResponse]
    host: str
    credential: Credential
    limiter: RateLimiter | None = None
    _: KW_ONLY
    retries: int
    backoff_seconds: float = 0.5
    requests: int = field(default=0, init=False)
    bytes_received: int = field(default=0, init=False)
    is_demo: bool = field(default=False, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    def get(self, path: str, query: Query, accept: Callable[[Any], T], stop: Event) -> T:
        """Request a path until `accept`, which may raise Failure, takes the decoded body.

        Raises:
            TmdbError: another attempt cannot help, or all were of no use.
            CancelledError: `stop` was set meanwhile.
        """
        attempts = tenacity.stop_after_attempt(self.retries + 1)
        backoff = tenacity.wait_exponential(self.backoff_seconds, MAX_BACKOFF_SECONDS)
        retrying = tenacity.Retrying(
            stop=attempts | tenacity.stop_after_delay(MAX_WAIT_SECONDS),
            wait=backoff + tenacity.wait_random(0, self.backoff_seconds),
            retry=tenacity.retry_if_exception(errors.is_transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: _log_retry(path, state),
            reraise=True,
        )
        try:
            return retrying(lambda: accept(self._attempt(path, query, stop)))
        except Failure as failure:
            number: int = retrying.statistics["attempt_number"]
            raise failure.error(self.host, path, self.credential, number) from None

    def _attempt(self, path: str, query: Query, stop: Event) -> Any:
        """Send a request once the rate limit grants it, and no hold began during that wait."""
        is_free, limiter = self.limiter is None, self.limiter
        while limiter and not is_free:
            self._check_hold(limiter)
            _sleep(limiter.acquire(), stop)
            is_free = not limiter.hold_seconds()
        with self._lock:
            self.requests += 1
        received = self.send(path, query)
        with self._lock:
            self.bytes_received += len(received.content)
            self.is_demo |= "X-Catalogue" in received.headers
        try:
            return parse(received, self.credential)
        except Failure as failure:
            if limiter and failure.hold_seconds > 0:
                limiter.hold(failure.hold_seconds)
                self._check_hold(limiter)
            raise

    def _check_hold(self, limiter: RateLimiter) -> None:
        """Refuse to wait for longer than a request may, and log what takes a while."""
        held = limiter.hold_seconds()
        if held > MAX_WAIT_SECONDS:
            raise Failure("Retry-After", "must wait", until=errors.minute_in(held))
        if held >= 5:
            LOGGER.info("%s asks to wait until %s", self.host, errors.minute_in(held))


def _log_retry(path: str, state: Any) -> None:
    """Log why an attempt failed and when the next one begins."""
    follows = f"attempt {state.attempt_number + 1} follows in {state.upcoming_sleep:.1f} s"
    LOGGER.info("%s: %s; %s", path, state.outcome.exception(), follows)


def _sleep(seconds: float, stop: Event) -> None:
    """Wait, or raise CancelledError once another page has failed for good."""
    if stop.wait(seconds):
        raise CancelledError


class FetchedList(NamedTuple):
    """The pages of a list in order; `demo` is set if the demo catalogue made them up.

    `first_page_at` is the time at which the first page came, after all of its attempts.
    """

    pages: tuple[Page, ...]
    first_page_at: datetime.datetime
    demo: bool
    stats: FetchStats


@dataclass
class Client:
    """Fetches movie lists over one session, in one language and region."""

    session: ApiSession
    language: str
    region: str
    connections: int
    run: str = ""

    def fetch(
        self, movie_list: MovieList, progress: Progress = lambda done, of: None
    ) -> FetchedList:
        """Fetch all pages of the list, whatever the first one says of their number.

        TMDB caches each page by itself. Those past a list's end come empty. `progress` is called
        now and then, and at the end, with the number of pages fetched and of all. Raises TmdbError.
        """
        session, name, total = self.session, movie_list.name, movie_list.pages
        began, requests, received = clock.monotonic(), session.requests, session.bytes_received
        api = hash((session.host, session.credential, self.run))
        accepted = api.to_bytes(8, signed=True)
        _raise_known_failure(api, name)
        try:
            pages, first_page_at = self._pages(movie_list, progress, _ACCEPTED[:] != accepted)
            _ACCEPTED[:] = accepted
        except TmdbError as error:
            if error.facts.get("cause") in errors.EVERY_LIST:
                failure = pickle.dumps((error, api, name, clock.monotonic()))
                _FAILURE[:] = failure.ljust(len(_FAILURE))
            raise
        full = sum(bool(page.results) for page in pages)
        if full < total:
            LOGGER.warning("%s: the list ends early, %d of %d pages held movies", name, full, total)
        requests, received = session.requests - requests, session.bytes_received - received
        seconds = round(clock.monotonic() - began, 3)
        stats = FetchStats(requests, requests - total, received, seconds)
        return FetchedList(tuple(pages), first_page_at, session.is_demo, stats)

    def _pages(
        self, movie_list: MovieList, progress: Progress, first_alone: bool
    ) -> tuple[list[Page], datetime.datetime]:
        """Fetch the pages; the first one alone meets a wrong key once and not sixteen times.

        Where the key is known to be right, all at once take a tenth of a weekly run less.
        """
        total, stop, pages = movie_list.pages, Event(), []
        if first_alone:
            pages.append(self._page(movie_list, 1, stop))
            progress(1, total)
        pool, others = ThreadPoolExecutor(self.connections), range(len(pages) + 1, total + 1)
        futures = [pool.submit(self._page, movie_list, each, stop) for each in others]
        waiting = set(futures)
        try:
            while waiting:
                ready, waiting = wait(waiting, 0.5, FIRST_EXCEPTION)
                for future in ready:
                    future.result()
                progress(total - len(waiting), total)
        finally:
            stop.set()
            pool.shutdown(cancel_futures=True)
        pages += [future.result() for future in futures]
        return [page for page, _ in pages], pages[0][1]

    def _page(
        self, movie_list: MovieList, number: int, stop: Event
    ) -> tuple[Page, datetime.datetime]:
        """Return a page, and the time at which it came."""
        path, region = movie_list.endpoint, {"region": self.region} if movie_list.by_region else {}
        query = {"language": self.language, "page": str(number), **region}
        query |= dict(movie_list.parameters)
        page = self.session.get(path, query, lambda body: parse_page(body, path, number), stop)
        return page, clock.now()


def _raise_known_failure(api: int, list_name: str) -> None:
    """Raise what another list has just met; the list that met it is at its next attempt.

    It lies in memory that forked processes share: without it, a week without a network takes 150 s
    instead of 17 s, and a refused key nine requests instead of one for each worker. Processes that
    are spawned (macOS) each find out for themselves.
    """
    try:
        error, failed_api, met_by, at = pickle.loads(_FAILURE[:])  # noqa: S301
    except Exception:  # nothing is noted, or another process writes it at this moment
        return
    is_recent = clock.monotonic() - at < MAX_FAILURE_AGE_SECONDS
    if is_recent and failed_api == api and met_by != list_name:
        raise error
    _FAILURE[:] = bytes(len(_FAILURE))
