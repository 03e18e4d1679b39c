"""HTTP to TMDB: one session, the credential, timeouts, retries, the pace. Knows nothing of films.

The only module that imports requests.
"""

from __future__ import annotations

import datetime
import io
import json
import logging
import random
import re
import ssl
import threading
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit

import requests
import tenacity
import urllib3
from requests.adapters import HTTPAdapter

from pipeline import clock
from pipeline.credential import Credential
from pipeline.errors import CredentialRefused, RequestRejected, TmdbUnavailable
from pipeline.tmdb.acceptance import Acceptance
from pipeline.tmdb.body import decode, read
from pipeline.tmdb.connections import bound
from pipeline.tmdb.faults import Stopped, Transient, reason
from pipeline.tmdb.pacing import Pacer
from pipeline.tmdb.refusals import Refusals
from pipeline.version import VERSION

LOGGER = logging.getLogger("luigi-interface.pipeline")

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 15.0
"""Longest waits: for a connection, and between two pieces of an answer."""

LONGEST_PAUSE = 60.0
"""Cap in seconds on a Retry-After and on our own backoff."""

ALIKE_SECONDS = 1.0
"""Within which the same failed attempt of several pages is told once."""

REFUSED = (401, 403)
TRANSIENT = (408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524)

_REFUSALS = Refusals()


class Answer(NamedTuple):
    """A decoded JSON answer; `demo` is set where the demo catalogue made it up."""

    body: Any
    demo: bool


class Check(Protocol):
    """Looks at an answer's body; raises Transient or AnswerNotUnderstood."""

    def __call__(self, body: Any) -> None:
        """Look at the body."""


class Transport:
    """Asks one API with one credential. Threads may share it; a forked process makes its own.

    Args:
        api_url: base address without a slash at its end.
        credential: how to identify.
        pacer: grants each attempt its moment; None for no pace at all.
        retries: attempts after the first, for each request.
        connections: most connections at a time, kept alive.
        adapter: what carries the requests; by default urllib3 over the network.
        backoff_seconds: wait before the first retry, doubled for each further one.
        acceptance: remembers from run to run that the credential is good; None for no memory.
    """

    def __init__(
        self,
        api_url: str,
        credential: Credential,
        pacer: Pacer | None,
        *,
        retries: int,
        connections: int,
        adapter: requests.adapters.BaseAdapter | None = None,
        backoff_seconds: float = 0.5,
        acceptance: Acceptance | None = None,
    ) -> None:
        self.host = urlsplit(api_url).netloc
        self.connections = connections
        self._api_url = api_url
        self._credential = credential
        self._pacer = pacer
        self._retries = retries
        self._backoff_seconds = backoff_seconds
        self._session = _session(connections, adapter)
        self._circumstances = self._session.merge_environment_settings(
            api_url, {}, stream=True, verify=None, cert=None
        )
        self._acceptance = acceptance
        self._accepted = False
        self._told: dict[str, float] = {}
        self._counting = threading.Lock()
        self.requests = 0
        self.bytes_received = 0

    @property
    def accepted(self) -> bool:
        """Whether TMDB has answered this credential, in this process or in one of late."""
        return self._accepted or (self._acceptance is not None and self._acceptance.known())

    def get(
        self,
        path: str,
        parameters: Mapping[str, str],
        check: Check,
        stop: threading.Event,
    ) -> Answer:
        """Ask until there is an answer that passes the check.

        Raises:
            TmdbUnavailable: transient faults outlasted the retries.
            CredentialRefused: the credential is wrong; later requests of the run fail unasked.
            RequestRejected: TMDB does not like this request.
            AnswerNotUnderstood: the check did not find the promised shape.
            Stopped: `stop` was set meanwhile.
        """
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retries + 1),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(Transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: self._log_retry(path, state),
            reraise=True,
        )
        try:
            return retrying(self._attempt, path, parameters, check, stop)
        except Transient as fault:
            raise TmdbUnavailable(
                f"{self.host} did not answer {path} properly in {self._retries + 1} attempts (the "
                f"last time: {fault}); check the network, proxy and TMDB_API_URL, then run the "
                "same command again: what is finished is kept.",
                path=path,
                attempts=self._retries + 1,
            ) from None

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
        if self._pacer is not None:
            self._pacer.close()

    def _attempt(
        self, path: str, parameters: Mapping[str, str], check: Check, stop: threading.Event
    ) -> Answer:
        if _REFUSALS.knows(self._credential, self._api_url):
            raise self._refused()
        if self._pacer is not None:
            _sleep(self._pacer.reserve(), stop)
        self._count(requests=1)
        try:
            response = self._session.send(
                self._prepared(path, parameters),
                timeout=(CONNECT_SECONDS, SILENCE_SECONDS),
                allow_redirects=False,
                **self._circumstances,
            )
            with response:
                content = read(response.raw, f"{self.host}{path}")
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise Transient(reason(error)) from None
        self._count(bytes_received=len(content))
        return self._understand(path, response, content, check)

    def _prepared(self, path: str, parameters: Mapping[str, str]) -> requests.PreparedRequest:
        query = urlencode({**parameters, **_Authorisation.query(self._credential)})
        url = f"{self._api_url}{path}?{query}" if query else self._api_url + path
        request = requests.Request("GET", url, auth=_Authorisation(self._credential))
        return self._session.prepare_request(request)

    def _count(self, *, requests: int = 0, bytes_received: int = 0) -> None:
        with self._counting:
            self.requests += requests
            self.bytes_received += bytes_received

    def _understand(
        self, path: str, response: requests.Response, content: bytes, check: Check
    ) -> Answer:
        status = response.status_code
        if status in REFUSED:
            _REFUSALS.remember(self._credential, self._api_url)
            if self._acceptance is not None:
                self._acceptance.forget()
            raise self._refused()
        if status in TRANSIENT:
            pause = _retry_after(response)
            raise Transient(f"HTTP status {status}", pause, too_fast=status == 429)
        if status != 200:
            raise RequestRejected(
                f"{self.host} rejects the request {path} with HTTP status {status}"
                f"{self._message(content)}; retrying cannot help.",
                path=path,
                status=status,
            )
        self._note_acceptance()
        body = decode(content)
        check(body)
        return Answer(body, demo="X-Catalogue" in response.headers)

    def _note_acceptance(self) -> None:
        if not self._accepted:
            self._accepted = True
            if self._acceptance is not None:
                self._acceptance.remember()

    def _refused(self) -> CredentialRefused:
        kind = "Read Access Token" if self._credential.is_token else "v3 key"
        return CredentialRefused(
            f"{self.host} refuses the {kind} in TMDB_API_KEY: correct it in the environment or "
            ".env (yours is at https://www.themoviedb.org/settings/api), then run the same command "
            "again; what is finished is kept."
        )

    def _message(self, content: bytes) -> str:
        """TMDB's own words, where there are some, on one line and without our secret."""
        try:
            message = json.loads(content)["status_message"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return ""
        return f" ({self._credential.redact(' '.join(str(message).split()))[:200]})"

    def _pause(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        backoff = self._backoff_seconds * 2.0 ** (state.attempt_number - 1)
        pause: float = min(backoff, LONGEST_PAUSE) * random.uniform(0.5, 1.0)
        if isinstance(fault, Transient):
            if fault.pause is not None:
                pause = max(min(fault.pause, LONGEST_PAUSE), pause / 10)
            if fault.too_fast and self._pacer is not None:
                self._pacer.hold(pause)
        return pause

    def _log_retry(self, path: str, state: tenacity.RetryCallState) -> None:
        """Tell of an attempt that failed; of pages that fail alike at the same time only once."""
        fault = state.outcome.exception() if state.outcome else None
        sentence = f"{path}: {fault}; attempt {state.attempt_number + 1} follows"
        now = clock.monotonic()
        if now - self._told.get(sentence, -ALIKE_SECONDS) < ALIKE_SECONDS:
            return
        self._told[sentence] = now
        pause = state.next_action.sleep if state.next_action else 0.0
        LOGGER.info("%s in %.1f s", sentence, pause)


class _Authorisation(requests.auth.AuthBase):
    """Adds the credential to a request in the way its kind demands.

    An AuthBase, so that a `.netrc` entry for the host cannot take its place. A key is part of the
    query, from the beginning: to add it to a finished address would parse that once more.
    """

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credential.is_token:
            request.headers["Authorization"] = f"Bearer {self._credential.secret}"
        return request

    @staticmethod
    def query(credential: Credential) -> dict[str, str]:
        """Return what the credential adds to a query."""
        return {} if credential.is_token else {"api_key": credential.secret}


class _BoundedAdapter(HTTPAdapter):
    """Carries requests over connections that bound the wait for an answer's head."""

    def init_poolmanager(self, *positional: Any, **named: Any) -> None:
        super().init_poolmanager(*positional, **named)
        bound(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **named: Any) -> Any:
        return bound(super().proxy_manager_for(proxy, **named))


class CatalogueAdapter(HTTPAdapter):
    """Carries requests to the embedded catalogue instead of a network.

    Everything above it, from the session to the retries, is the code that talks to TMDB.
    """

    def __init__(self, on: datetime.date) -> None:
        super().__init__()
        self._on = on

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """Answer from the catalogue as it is on the day this adapter was made for."""
        from pipeline.tmdb import demo

        url = urlsplit(str(request.url))
        reply = demo.answer(url.path.removeprefix("/3"), dict(parse_qsl(url.query)), on=self._on)
        raw = urllib3.HTTPResponse(
            io.BytesIO(reply.body), reply.headers, reply.status, preload_content=False
        )
        return self.build_response(request, raw)


def trusted(api_url: str) -> ssl.SSLContext:
    """Return what the certificate of that address has to stand up to, as for our requests.

    Raises:
        OSError: REQUESTS_CA_BUNDLE names no file of certificates.
    """
    with _Session() as session:
        told = session.merge_environment_settings(api_url, {}, stream=None, verify=None, cert=None)[
            "verify"
        ]
    place = Path(told if isinstance(told, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH)
    if place.is_dir():
        return ssl.create_default_context(capath=place)
    return ssl.create_default_context(cafile=place)


class _Session(requests.Session):
    """A session for which no answer is a redirect.

    `allow_redirects=False` alone still reads a redirect's body, without bound, and looks at where
    it leads.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Lead nowhere."""


_KEY = re.compile(r"""api_key=[^&\s"']*""")


class _SecretFilter(logging.Filter):
    """Keeps `api_key=` out of what urllib3 logs: requests when debugging, odd headers always."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if "api_key=" in message:
            record.msg, record.args = _KEY.sub("api_key=[credential]", message), None
        return True


for _name in ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry"):
    logging.getLogger(_name).addFilter(_SecretFilter())


def _session(connections: int, adapter: requests.adapters.BaseAdapter | None) -> requests.Session:
    session = _Session()
    carrier = adapter or _BoundedAdapter(
        pool_connections=1, pool_maxsize=connections, pool_block=True, max_retries=0
    )
    session.mount("https://", carrier)
    session.mount("http://", carrier)
    session.headers["User-Agent"] = f"tmdb-pipeline/{VERSION} {requests.utils.default_user_agent()}"
    session.headers["Accept"] = "application/json"
    session.headers["Accept-Encoding"] = "gzip"
    session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    return session


def _retry_after(response: requests.Response) -> float | None:
    """Return the seconds that a Retry-After asks for, a number or a date; None for nonsense."""
    try:
        pause: float | None = urllib3.Retry().get_retry_after(response.raw)
    except (urllib3.exceptions.InvalidHeader, ValueError, OverflowError):
        return None
    return pause


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds) if seconds > 0 else stop.is_set():
        raise Stopped
