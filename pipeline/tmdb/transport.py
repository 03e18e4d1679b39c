"""HTTP to TMDB: one session, the credential, timeouts, retries, the pace. Knows nothing of films.

The only module that imports requests.
"""

from __future__ import annotations

import datetime
import io
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

from pipeline import clock, settings
from pipeline.errors import SettingsError, TmdbError
from pipeline.tmdb import explanations
from pipeline.tmdb.body import read
from pipeline.tmdb.connections import bound
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.credential_state import Acceptance
from pipeline.tmdb.faults import (
    Blocked,
    KeyRefused,
    Misconfigured,
    Rejected,
    Stopped,
    Transient,
    fault_of,
)
from pipeline.tmdb.rate_limit import MAX_HOLD_SECONDS, Pacer
from pipeline.tmdb.response import retry_after, understand
from pipeline.tmdb.run_failure import Attempt, RunFailure
from pipeline.version import VERSION

LOGGER = logging.getLogger("luigi-interface.pipeline")

CONNECT_SECONDS = 5.0
SILENCE_SECONDS = 15.0
"""Longest waits: for a connection, and between two pieces of an answer."""

LONGEST_PAUSE = 60.0
"""Cap in seconds on our own backoff."""

MAX_WAIT_SECONDS = 600.0
"""Seconds within which a request waits because TMDB asks for it. What would have to wait longer
fails at once. An unattended task may take 1,800 s in all."""

WORTH_A_LINE_SECONDS = 5.0
"""A wait of that length because of another process is logged."""

ALIKE_SECONDS = 1.0
"""Seconds in which what several pages meet alike is logged once."""


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
        run_failure: what the processes of the run share of a failure; None for no sharing.

    Raises:
        SettingsError: the proxy or the certificates that the environment names cannot be used.
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
        run_failure: RunFailure | None = None,
    ) -> None:
        self.host = urlsplit(api_url).netloc
        self.connections = connections
        self._api_url = api_url
        self._credential = credential
        self._pacer = pacer
        self._retries = retries
        self._backoff_seconds = backoff_seconds
        self._session = _session(connections, adapter)
        self._circumstances = _circumstances_of(api_url)
        if adapter is None:
            _refuse_unusable_proxy(api_url, self._circumstances["proxies"])
            _refuse_unusable_certificates(api_url, self._circumstances["verify"])
        self._acceptance = acceptance
        self._run_failure = run_failure
        self._accepted = False
        self._answered = False
        self._told: dict[str, float] = {}
        self._counting = threading.Lock()
        self.requests = 0
        self.bytes_received = 0

    @property
    def accepted(self) -> bool:
        """Whether TMDB has answered this credential, in this process or in the last days."""
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
            TmdbUnavailable: transient faults outlasted the retries, TMDB asks to wait for longer
                than `MAX_WAIT_SECONDS`, or something else answers in its place.
            CredentialRefused: the credential is wrong.
            RequestRejected: TMDB does not like this request.
            SettingsError: a setting of the network cannot work.
            AnswerNotUnderstood: the check did not find the promised shape.
            Stopped: `stop` was set meanwhile.
        """
        patient_until = clock.monotonic() + MAX_WAIT_SECONDS
        retrying = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(self._retries + 1),
            wait=self._pause,
            retry=tenacity.retry_if_exception_type(Transient),
            sleep=lambda seconds: _sleep(seconds, stop),
            before_sleep=lambda state: self._log_retry(path, state),
            reraise=True,
        )
        try:
            return retrying(self._attempt, path, parameters, check, stop, patient_until)
        except Transient as fault:
            error = explanations.unavailable(self.host, path, fault, self._retries + 1)
            raise (self._noted(error) if fault.of_host else error) from None
        except Blocked as block:
            raise self._noted(explanations.blocked(self.host, path, block)) from None
        except KeyRefused:
            if self._acceptance is not None:
                self._acceptance.forget()
            raise self._noted(explanations.refused(self.host, self._credential)) from None
        except Misconfigured as fault:
            proxied = self._circumstances["proxies"]
            variable = settings.proxy_variable(urlsplit(self._api_url).scheme) if proxied else None
            raise explanations.misconfigured(self.host, fault, variable) from None
        except Rejected as rejection:
            raise explanations.rejected(self.host, path, rejection) from None

    def begin(self, attempt: Attempt) -> None:
        """Note that a task begins an attempt: one that failed before tries everything again."""
        self._answered = False
        if self._run_failure is not None:
            self._run_failure.begin(attempt)

    def end(self) -> None:
        """Note that the attempt has failed."""
        if self._run_failure is not None:
            self._run_failure.end()

    def close(self) -> None:
        """Close all connections."""
        self._session.close()
        if self._pacer is not None:
            self._pacer.close()

    def _attempt(
        self,
        path: str,
        parameters: Mapping[str, str],
        check: Check,
        stop: threading.Event,
        patient_until: float,
    ) -> Answer:
        if self._run_failure is not None:
            self._run_failure.raise_known(answered=self._answered)
        self._wait_for_turn(stop, patient_until)
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
            raise fault_of(error) from None
        self._count(bytes_received=len(content))
        return self._understood(response, content, check, patient_until)

    def _wait_for_turn(self, stop: threading.Event, patient_until: float) -> None:
        """Wait until this request may be sent: within the pace, and not while TMDB says to wait.

        A moment that was reserved before another request had to wait does not count any more.
        """
        if self._pacer is None:
            return
        while True:
            held = self._pacer.held_seconds()
            self._refuse_long_wait(held, patient_until)
            if held >= WORTH_A_LINE_SECONDS:
                self._log_once(f"{self.host} asks to wait until {explanations.moment_in(held)}")
            _sleep(self._pacer.reserve(), stop)
            if not self._pacer.held_seconds():
                return

    def _refuse_long_wait(self, seconds: float, patient_until: float) -> None:
        if clock.monotonic() + seconds > patient_until:
            raise explanations.asks_to_wait(self.host, seconds)

    def _prepared(self, path: str, parameters: Mapping[str, str]) -> requests.PreparedRequest:
        query = urlencode({**parameters, **_Authorisation.query(self._credential)})
        url = f"{self._api_url}{path}?{query}" if query else self._api_url + path
        request = requests.Request("GET", url, auth=_Authorisation(self._credential))
        return self._session.prepare_request(request)

    def _count(self, *, requests: int = 0, bytes_received: int = 0) -> None:
        with self._counting:
            self.requests += requests
            self.bytes_received += bytes_received

    def _understood(
        self, response: requests.Response, content: bytes, check: Check, patient_until: float
    ) -> Answer:
        content_type = response.headers.get("Content-Type", "")
        try:
            body = understand(response.status_code, content_type, content, self._credential.redact)
        except Transient as fault:
            self._keep_to_retry_after(fault, response, patient_until)
            raise
        check(body)
        self._note_acceptance()
        return Answer(body, demo="X-Catalogue" in response.headers)

    def _keep_to_retry_after(
        self, fault: Transient, response: requests.Response, patient_until: float
    ) -> None:
        """Have every process wait as long as the answer asks for."""
        headers = response.headers
        asked = retry_after(headers.get("Retry-After"), headers.get("Date"), clock.instant())
        if asked is None:
            return
        fault.pause = min(asked, MAX_HOLD_SECONDS)
        if fault.pause > 0 and self._pacer is not None:
            self._pacer.hold(fault.pause)
        self._refuse_long_wait(fault.pause, patient_until)

    def _note_acceptance(self) -> None:
        self._answered = True
        if not self._accepted:
            self._accepted = True
            if self._acceptance is not None:
                self._acceptance.remember()

    def _noted(self, error: TmdbError) -> TmdbError:
        """Let the run's other lists know of an error that concerns them too, and return it."""
        if self._run_failure is not None:
            self._run_failure.note(error)
        return error

    def _pause(self, state: tenacity.RetryCallState) -> float:
        fault = state.outcome.exception() if state.outcome else None
        backoff = self._backoff_seconds * 2.0 ** (state.attempt_number - 1)
        pause: float = min(backoff, LONGEST_PAUSE) * random.uniform(0.5, 1.0)
        if isinstance(fault, Transient):
            if fault.pause is not None:
                return max(fault.pause, pause / 10)
            if fault.too_fast and self._pacer is not None:
                self._pacer.hold(pause)
        return pause

    def _log_retry(self, path: str, state: tenacity.RetryCallState) -> None:
        fault = state.outcome.exception() if state.outcome else None
        pause = state.next_action.sleep if state.next_action else 0.0
        self._log_once(
            f"{path}: {fault}; attempt {state.attempt_number + 1} follows", f" in {pause:.1f} s"
        )

    def _log_once(self, sentence: str, end: str = "") -> None:
        """Log what several pages meet at the same time once."""
        now = clock.monotonic()
        if now - self._told.get(sentence, -ALIKE_SECONDS) < ALIKE_SECONDS:
            return
        self._told[sentence] = now
        LOGGER.info("%s%s", sentence, end)


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
        from pipeline import demo

        url = urlsplit(str(request.url))
        reply = demo.answer(url.path.removeprefix("/3"), dict(parse_qsl(url.query)), day=self._on)
        raw = urllib3.HTTPResponse(
            io.BytesIO(reply.body), reply.headers, reply.status, preload_content=False
        )
        return self.build_response(request, raw)


def trusted(api_url: str) -> ssl.SSLContext:
    """Return what the certificate of that address has to stand up to, as for our requests.

    Raises:
        SettingsError: REQUESTS_CA_BUNDLE names no certificates.
    """
    return _context_of(_circumstances_of(api_url)["verify"])


def proxy_of(api_url: str) -> str | None:
    """Return the address of the proxy that requests to an address go by, with its scheme.

    Raises:
        SettingsError: it cannot be used.
    """
    return _refuse_unusable_proxy(api_url, _circumstances_of(api_url)["proxies"])


def date_of(api_url: str, seconds: float) -> str | None:
    """Return the Date header of any answer; without a key that is a refusal, which has one as well.

    Raises:
        SettingsError: the proxy or the certificates that the environment names cannot be used.
    """
    circumstances = _circumstances_of(api_url)
    _refuse_unusable_proxy(api_url, circumstances["proxies"])
    _refuse_unusable_certificates(api_url, circumstances["verify"])
    with _session(1, None) as session:
        request = session.prepare_request(requests.Request("GET", f"{api_url}/configuration"))
        try:
            response = session.send(
                request, timeout=seconds, allow_redirects=False, **circumstances
            )
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError):
            return None
        with response:
            return response.headers.get("Date")


def _circumstances_of(api_url: str) -> dict[str, Any]:
    """Return what the environment says of requests to an address: proxies and certificates."""
    with _Session() as session:
        found = session.merge_environment_settings(api_url, {}, stream=True, verify=None, cert=None)
    return dict(found)


def _refuse_unusable_proxy(api_url: str, proxies: Mapping[str, str]) -> str | None:
    """Return the proxy that requests would use for an address; requests itself says if it can."""
    proxy = requests.utils.select_proxy(api_url, proxies)
    if not proxy:
        return None
    try:
        address: str = requests.utils.prepend_scheme_if_needed(proxy, "http")  # type: ignore[no-untyped-call]
        if not urllib3.util.parse_url(address).host:
            raise ValueError
        HTTPAdapter().proxy_manager_for(address)
    except (requests.RequestException, urllib3.exceptions.HTTPError, ValueError):
        variable = settings.proxy_variable(urlsplit(api_url).scheme) or "This system"
        socks = proxy.lower().startswith("socks")
        why = "SOCKS needs the Python package PySocks" if socks else "it is no proxy's address"
        raise SettingsError(
            f"{variable} names a proxy that cannot be used ({why}): give it an address like "
            "http://host:port, or unset it.",
            variable=variable,
        ) from None
    return address


def _refuse_unusable_certificates(api_url: str, verify: bool | str) -> None:
    """See that the certificates which the environment names can be read, where any are needed."""
    if isinstance(verify, str) and urlsplit(api_url).scheme == "https":
        _context_of(verify)


def _context_of(verify: bool | str) -> ssl.SSLContext:
    path = Path(verify if isinstance(verify, str) else requests.utils.DEFAULT_CA_BUNDLE_PATH)
    try:
        if path.is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except OSError as error:
        variable = settings.certificates_variable() or "REQUESTS_CA_BUNDLE"
        why = "does not hold certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise SettingsError(
            f"{variable} names no file of certificates ({path}: {why}): correct it, or unset it.",
            variable=variable,
        ) from None


class _Session(requests.Session):
    """A session for which no answer is a redirect.

    `allow_redirects=False` alone still reads a redirect's body, without bound, and looks at where
    it leads.
    """

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return no target."""


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


def _sleep(seconds: float, stop: threading.Event) -> None:
    if stop.wait(seconds) if seconds > 0 else stop.is_set():
        raise Stopped
