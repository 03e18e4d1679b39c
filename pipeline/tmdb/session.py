"""Requests to one API until there is a usable answer: rate limit, retries, Retry-After."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, TypeVar

import tenacity

from pipeline.tmdb import errors, response
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.errors import Failure
from pipeline.tmdb.rate_limit import RateLimiter

LOGGER = logging.getLogger("luigi-interface.pipeline")

# Longest wait before a retry that TMDB did not ask for.
MAX_BACKOFF_SECONDS = 60.0

# Longest wait that TMDB may ask for, and time after which a request is not retried any more.
MAX_WAIT_SECONDS = 600.0

# Shortest wait that TMDB asks for and that is logged.
MIN_LOGGED_WAIT_SECONDS = 5.0

Send = Callable[[str, Mapping[str, str]], response.RawResponse]
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

    def get(
        self,
        path: str,
        parameters: Mapping[str, str],
        parse: Callable[[Any], T],
        stop: threading.Event,
    ) -> T:
        """Request a path until `parse`, which may raise Failure, accepts the decoded body.

        Raises:
            TmdbError: another attempt cannot help, or all were of no use.
            CancelledError: `stop` was set meanwhile.
        """
        attempts = tenacity.stop_after_attempt(self.retries + 1)
        backoff = tenacity.wait_exponential(self.backoff_seconds, MAX_BACKOFF_SECONDS)
        retrying = tenacity.Retrying(
            stop=attempts | tenacity.stop_after_delay(MAX_WAIT_SECONDS),
            wait=backoff + tenacity.wait_random(0, self.backoff_seconds),
            retry=tenacity.retry_if_exception(_is_transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: _log_retry(path, state),
            reraise=True,
        )
        try:
            return retrying(lambda: parse(self._attempt(path, parameters, stop)))
        except Failure as failure:
            number: int = retrying.statistics["attempt_number"]
            raise errors.error_of(failure, self.host, path, self.credential, number) from None

    def _attempt(self, path: str, parameters: Mapping[str, str], stop: threading.Event) -> Any:
        limiter = self.rate_limiter
        is_free = limiter is None
        while limiter and not is_free:  # and anew if a hold began during the wait
            self._check_hold(limiter)
            _sleep(limiter.acquire(), stop)
            is_free = not limiter.hold_seconds()
        with self._lock:
            self.requests += 1
        received = self.send(path, parameters)
        with self._lock:
            self.bytes_received += len(received.content)
            self.is_demo |= "X-Catalogue" in received.headers
        try:
            return response.parse(received, self.credential)
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
        if held >= MIN_LOGGED_WAIT_SECONDS:
            LOGGER.info("%s asks to wait until %s", self.host, errors.minute_in(held))


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, Failure) and error.cause in errors.TRANSIENT


def _log_retry(path: str, state: tenacity.RetryCallState) -> None:
    error = state.outcome and state.outcome.exception()
    follows = f"attempt {state.attempt_number + 1} follows in {state.upcoming_sleep:.1f} s"
    LOGGER.info("%s: %s; %s", path, error, follows)


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds):
        raise CancelledError
