"""Requests to one API until there is a usable answer: rate limit, retries, Retry-After."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeVar

import tenacity

from pipeline.tmdb import response
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import Endpoint, Transient, error_of, minute_in
from pipeline.tmdb.rate_limit import RateLimiter
from pipeline.tmdb.response import RawResponse

LOGGER = logging.getLogger("luigi-interface.pipeline")

# Longest wait before a retry that TMDB did not ask for.
MAX_BACKOFF_SECONDS = 60.0

# Longest wait that TMDB may ask for, and time after which a request is not retried any more.
MAX_WAIT_SECONDS = 600.0

# Shortest wait that TMDB asks for and that is logged.
MIN_LOGGED_WAIT_SECONDS = 5.0

Send = Callable[[str, Mapping[str, str]], RawResponse]
"""Sends one request for a path and a query, and returns its answer whatever the status."""

T = TypeVar("T")


@dataclass(eq=False)
class ApiSession:
    """Requests to one API, named by host and credential in messages. Threads may share it."""

    send: Send
    host: str
    credential: Credential
    rate_limiter: RateLimiter | None = None
    _: KW_ONLY
    retries: int
    backoff_seconds: float = 0.5
    requests: int = field(default=0, init=False)
    bytes_received: int = field(default=0, init=False)
    is_demo: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def endpoint(self, path: str) -> Endpoint:
        """Return what errors of a request to that path name."""
        return Endpoint(self.host, path, self.credential)

    def get(
        self,
        path: str,
        parameters: Mapping[str, str],
        parse: Callable[[Any], T],
        stop: threading.Event,
    ) -> T:
        """Request a path until there is an answer that `parse` accepts.

        `parse` takes the decoded body and raises Transient or AnswerNotUnderstood.

        Raises:
            TmdbError: there is none, and another attempt cannot help or was of no use.
            CancelledError: `stop` was set meanwhile.
        """
        backoff = tenacity.wait_exponential(self.backoff_seconds, MAX_BACKOFF_SECONDS)
        attempts = tenacity.stop_after_attempt(self.retries + 1)
        retrying = tenacity.Retrying(
            stop=attempts | tenacity.stop_after_delay(MAX_WAIT_SECONDS),
            wait=backoff + tenacity.wait_random(0, self.backoff_seconds),
            retry=tenacity.retry_if_exception_type(Transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: _log_retry(path, state),
            reraise=True,
        )
        try:
            answer: T = retrying(lambda: parse(self._attempt(path, parameters, stop)))
            return answer
        except Transient as error:
            facts = {"reason": str(error), "attempts": retrying.statistics["attempt_number"]}
            raise error_of(error.cause, self.endpoint(path), **facts) from None

    def _attempt(self, path: str, parameters: Mapping[str, str], stop: threading.Event) -> Any:
        limiter = self.rate_limiter
        if limiter is not None:
            self._wait_for_turn(limiter, stop)
        with self._lock:
            self.requests += 1
        received = self.send(path, parameters)
        with self._lock:
            self.bytes_received += len(received.content)
            self.is_demo |= "X-Catalogue" in received.headers
        try:
            return response.parse(received, self.endpoint(path))
        except Transient as error:
            if error.hold_seconds > 0 and limiter is not None:
                limiter.hold(error.hold_seconds)
                self._check_hold(limiter)
            raise

    def _wait_for_turn(self, limiter: RateLimiter, stop: threading.Event) -> None:
        """Wait for a time that is granted, and anew if a hold began meanwhile."""
        while True:
            self._check_hold(limiter)
            _sleep(limiter.acquire(), stop)
            if not limiter.hold_seconds():
                return

    def _check_hold(self, limiter: RateLimiter) -> None:
        """Refuse to wait for longer than a request may, and log what takes a while."""
        held = limiter.hold_seconds()
        if held > MAX_WAIT_SECONDS:
            raise error_of("must wait", self.endpoint(""), until=minute_in(held))
        if held >= MIN_LOGGED_WAIT_SECONDS:
            LOGGER.info("%s asks to wait until %s", self.host, minute_in(held))


def _log_retry(path: str, state: tenacity.RetryCallState) -> None:
    error = state.outcome and state.outcome.exception()
    follows = f"attempt {state.attempt_number + 1} follows in {state.upcoming_sleep:.1f} s"
    LOGGER.info("%s: %s; %s", path, error, follows)


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds):
        raise CancelledError
