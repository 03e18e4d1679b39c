"""Requests to one API until there is a usable answer: rate limit, retries, Retry-After."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Callable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

import tenacity

from pipeline import clock
from pipeline.errors import CredentialRefused, TmdbBlocked, TmdbError
from pipeline.tmdb import errors, response
from pipeline.tmdb.credential_state import CredentialState
from pipeline.tmdb.errors import Stopped, Transient
from pipeline.tmdb.rate_limit import MAX_HOLD_SECONDS, RateLimiter
from pipeline.tmdb.run_failure import RunFailure
from pipeline.tmdb.transport import Transport

LOGGER = logging.getLogger("luigi-interface.pipeline")

MAX_BACKOFF_SECONDS = 60.0
"""Longest wait before a retry that nobody asked for."""

MAX_WAIT_SECONDS = 600.0
"""Seconds within which a request waits because TMDB asks for it. One that would have to wait longer
fails at once. An unattended task may take 1,800 s in all."""

MIN_LOGGED_WAIT_SECONDS = 5.0
"""Shortest wait because of another process that is logged."""

SAME_MESSAGE_SECONDS = 1.0
"""Seconds in which identical messages of several pages are logged once."""

T = TypeVar("T")


class Answer(NamedTuple, Generic[T]):
    """A parsed answer; `demo` is set if the demo catalogue made it up."""

    body: T
    demo: bool


class ApiSession:
    """Requests over one transport. Threads may share it.

    Args:
        transport: sends one request.
        rate_limiter: grants each attempt its time; None for no limit.
        retries: attempts after the first, for each request.
        backoff_seconds: wait before the first retry, doubled for each further one.
        credential_state: remembers from run to run that the credential is good.
        run_failure: what the processes of the run share of a failure.
    """

    def __init__(
        self,
        transport: Transport,
        rate_limiter: RateLimiter | None = None,
        *,
        retries: int,
        backoff_seconds: float = 0.5,
        credential_state: CredentialState | None = None,
        run_failure: RunFailure | None = None,
    ) -> None:
        self.transport = transport
        self._rate_limiter = rate_limiter
        self._retries = retries
        self._backoff_seconds = backoff_seconds
        self._credential_state = credential_state
        self._run_failure = run_failure
        self._accepted = False
        self._answered = False
        self._logged_at: dict[str, float] = {}

    @property
    def accepted(self) -> bool:
        """Whether TMDB accepted this credential, in this session or in the last days."""
        state = self._credential_state
        return self._accepted or (state is not None and state.is_accepted())

    def get(
        self,
        path: str,
        parameters: Mapping[str, str],
        parse: Callable[[Any], T],
        stop: threading.Event,
    ) -> Answer[T]:
        """Request a path until there is an answer that `parse` accepts.

        `parse` takes the decoded body and raises Transient or AnswerNotUnderstood.

        Raises:
            TmdbUnavailable: transient errors outlasted the retries, TMDB asks to wait for longer
                than `MAX_WAIT_SECONDS`, or something else answers in its place.
            CredentialRefused: the credential is wrong.
            RequestRejected: TMDB rejects this request.
            SettingsError: a setting of the network cannot work.
            AnswerNotUnderstood: the answer is not as documented.
            Stopped: `stop` was set meanwhile.
        """
        deadline = clock.monotonic() + MAX_WAIT_SECONDS
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retries + 1),
            wait=self._backoff,
            retry=tenacity.retry_if_exception_type(Transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: self._log_retry(path, state),
            reraise=True,
        )
        try:
            return retrying(self._attempt, path, parameters, parse, stop, deadline)
        except Transient as error:
            endpoint = self.transport.endpoint(path)
            unavailable = errors.unavailable(endpoint, error, self._retries + 1)
            if error.unreachable:
                self._note(unavailable)
            raise unavailable from None
        except CredentialRefused as error:
            if self._credential_state is not None:
                self._credential_state.forget()
            self._note(error)
            raise
        except TmdbBlocked as error:
            self._note(error)
            raise

    def close(self) -> None:
        """Close all connections."""
        self.transport.close()
        if self._rate_limiter is not None:
            self._rate_limiter.close()

    def _attempt(
        self,
        path: str,
        parameters: Mapping[str, str],
        parse: Callable[[Any], T],
        stop: threading.Event,
        deadline: float,
    ) -> Answer[T]:
        if self._run_failure is not None:
            self._run_failure.raise_known(answered=self._answered)
        self._wait_for_turn(stop, deadline)
        received = self.transport.send(path, parameters)
        try:
            body = response.parse(received, self.transport.endpoint(path))
        except Transient as error:
            self._hold(error, response.retry_after(received.headers), deadline)
            raise
        parsed = parse(body)
        self._note_acceptance()
        return Answer(parsed, demo="X-Catalogue" in received.headers)

    def _wait_for_turn(self, stop: threading.Event, deadline: float) -> None:
        """Wait until this request may be sent: within the rate limit, and not during a hold.

        A time that was reserved before a hold began does not count any more.
        """
        limiter = self._rate_limiter
        if limiter is None:
            return
        while True:
            held = limiter.hold_seconds()
            self._refuse_long_wait(held, deadline)
            if held >= MIN_LOGGED_WAIT_SECONDS:
                until = errors.minute_in(held)
                self._log_once(f"{self.transport.host} asks to wait until {until}")
            _sleep(limiter.acquire(), stop)
            if not limiter.hold_seconds():
                return

    def _hold(self, error: Transient, seconds: float | None, deadline: float) -> None:
        """Let every process wait as long as the answer asks for."""
        if seconds is None:
            return
        error.retry_after = min(seconds, MAX_HOLD_SECONDS)
        if error.retry_after > 0 and self._rate_limiter is not None:
            self._rate_limiter.hold(error.retry_after)
        self._refuse_long_wait(error.retry_after, deadline)

    def _refuse_long_wait(self, seconds: float, deadline: float) -> None:
        if clock.monotonic() + seconds > deadline:
            raise errors.must_wait(self.transport.host, seconds)

    def _note_acceptance(self) -> None:
        self._answered = True
        if not self._accepted:
            self._accepted = True
            if self._credential_state is not None:
                self._credential_state.remember()

    def _note(self, error: TmdbError) -> None:
        """Let the run's other lists know of an error that concerns them too."""
        if self._run_failure is not None:
            self._run_failure.note(error)

    def _backoff(self, state: tenacity.RetryCallState) -> float:
        """Return the wait before the next attempt: exponential with jitter, or what is asked for.

        A 429 without Retry-After holds the other processes back, too.
        """
        error = state.outcome.exception() if state.outcome else None
        backoff = self._backoff_seconds * 2.0 ** (state.attempt_number - 1)
        seconds: float = min(backoff, MAX_BACKOFF_SECONDS) * random.uniform(0.5, 1.0)
        if isinstance(error, Transient):
            if error.retry_after is not None:
                return max(error.retry_after, seconds / 10)
            if error.rate_limited and self._rate_limiter is not None:
                self._rate_limiter.hold(seconds)
        return seconds

    def _log_retry(self, path: str, state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        seconds = state.next_action.sleep if state.next_action else 0.0
        self._log_once(
            f"{path}: {error}; attempt {state.attempt_number + 1} follows", f" in {seconds:.1f} s"
        )

    def _log_once(self, message: str, end: str = "") -> None:
        now = clock.monotonic()
        if now - self._logged_at.get(message, -SAME_MESSAGE_SECONDS) >= SAME_MESSAGE_SECONDS:
            self._logged_at[message] = now
            LOGGER.info("%s%s", message, end)


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds) if seconds > 0 else stop.is_set():
        raise Stopped
