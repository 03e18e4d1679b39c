"""What can go wrong between this machine and TMDB, and the sentence that a person reads of it.

`Transient` and `Stopped` never leave this package. Everything else is an error of
`pipeline.errors`. A sentence that concerns every list names none, so that all lists of a run
report the same. No sentence quotes an exception: it would hold the URL, and so the key.
"""

from __future__ import annotations

import datetime
import math
import re
from typing import NamedTuple

from pipeline import clock
from pipeline.errors import (
    CredentialRefused,
    RequestRejected,
    SettingsError,
    TmdbBlocked,
    TmdbUnavailable,
)
from pipeline.tmdb.credential import Credential

MIN_REPORTED_WAIT_SECONDS = 30.0
"""Shortest Retry-After that the error of the last attempt names."""


class Transient(Exception):
    """An error after which another attempt may succeed.

    Args:
        reason: what went wrong, without a secret.
        retry_after: seconds for which the server asks to wait.
        rate_limited: whether the server says that requests come too fast.
        unreachable: whether the host cannot be reached, which concerns every list alike.
    """

    def __init__(
        self,
        reason: str,
        retry_after: float | None = None,
        *,
        rate_limited: bool = False,
        unreachable: bool = False,
    ) -> None:
        super().__init__(reason)
        self.retry_after = retry_after
        self.rate_limited = rate_limited
        self.unreachable = unreachable


class Stopped(Exception):
    """Another request of the same list failed, so this one is given up."""


class Endpoint(NamedTuple):
    """What a request asks for, as far as errors may name it."""

    host: str
    path: str
    credential: Credential


def unavailable(endpoint: Endpoint, error: Transient, attempts: int) -> TmdbUnavailable:
    """Return the error of a request whose last attempt met a transient error."""
    what = f"did not answer {endpoint.path} properly"
    if error.unreachable:
        what = "could not be reached"
    wait = ""
    if error.retry_after is not None and error.retry_after >= MIN_REPORTED_WAIT_SECONDS:
        wait = f", and it asks to wait until {minute_in(error.retry_after)}"
    return TmdbUnavailable(
        f"{endpoint.host} {what} in {attempts} attempts (last error: {error}{wait}); check "
        "the network, proxy and TMDB_API_URL, then run the same command again: what is finished "
        "is kept.",
        path=endpoint.path,
        attempts=attempts,
    )


def must_wait(host: str, seconds: float) -> TmdbUnavailable:
    """Return the error of a request that would have to wait for longer than it may."""
    return TmdbUnavailable(
        f"{host} asks to wait until {minute_in(seconds)} (Retry-After), and nothing is requested "
        "before that: run the same command again then, what is finished is kept.",
        retry_after_seconds=seconds,
    )


def blocked(endpoint: Endpoint, reason: str) -> TmdbBlocked:
    """Return the error of a request that something between here and TMDB stopped or answered."""
    return TmdbBlocked(
        f"{endpoint.host} did not get the request: something between here and TMDB is in the way "
        f"({reason}). It is a proxy, a captive portal, or a block of this country or address; open "
        "https://www.themoviedb.org in a browser on this network, check the proxy and "
        "TMDB_API_URL, then run the same command again: what is finished is kept.",
        path=endpoint.path,
    )


def refused(endpoint: Endpoint) -> CredentialRefused:
    """Return the error of a credential that TMDB does not accept."""
    kind = "Read Access Token" if endpoint.credential.is_token else "v3 key"
    return CredentialRefused(
        f"{endpoint.host} refuses the {kind} in TMDB_API_KEY: correct it in the environment or "
        ".env (yours is at https://www.themoviedb.org/settings/api), then run the same command "
        "again; what is finished is kept."
    )


def rejected(endpoint: Endpoint, reason: str, status: int, *, by_tmdb: bool) -> RequestRejected:
    """Return the error of a request that is wrong, or whose address is."""
    advice = ""
    if not by_tmdb:
        advice = ": check TMDB_API_URL, and whether a proxy or a captive portal answers instead"
    return RequestRejected(
        f"{endpoint.host} rejects the request {endpoint.path} with {reason}; retrying cannot "
        f"help{advice}.",
        path=endpoint.path,
        status=status,
    )


def minute_in(seconds: float) -> str:
    """Return when that many seconds will be over, rounded up to the full minute."""
    moment = clock.instant().timestamp() + seconds
    minute = datetime.datetime.fromtimestamp(math.ceil(moment / 60) * 60, datetime.UTC)
    return f"{minute:%Y-%m-%d %H:%M} UTC"


def network_error(
    error: Exception, endpoint: Endpoint, proxy_variable: str | None
) -> Transient | TmdbBlocked | SettingsError:
    """Return the error that an exception of the network means."""
    reason, concerns = _described(error)
    if concerns == _SETTING:
        variable = proxy_variable or "TMDB_API_URL or REQUESTS_CA_BUNDLE"
        return SettingsError(
            f"{endpoint.host} cannot be requested: {reason}; correct {variable}, then run the same "
            "command again.",
            variable=variable,
        )
    if concerns == _ROUTE:
        return blocked(endpoint, reason)
    return Transient(reason, unreachable=concerns == _HOST)


def describe(error: Exception) -> str:
    """Return what went wrong, without the error's own text."""
    return _described(error)[0]


# What an exception concerns: this request or every request to the host, both worth another
# attempt; or the route to TMDB or a setting, where no retry helps.
_REQUEST, _HOST, _ROUTE, _SETTING = "request", "host", "route", "setting"

_ADDRESS = "TMDB_API_URL or the address of the proxy cannot be used"
_NO_TLS = "the proxy speaks no TLS: its address begins with http:// and not with https://"
_NO_LOGIN = "the proxy asks for a login: write it as http://user:password@host:port"
_CLOCK = "the certificate is not trusted: it has expired, or this clock is wrong"
_UNTRUSTED = (
    "the certificate is not trusted; add that of an authority of your own to the file that "
    "REQUESTS_CA_BUNDLE names"
)

_SIGNS = (
    (r"TLS CA certificate", "REQUESTS_CA_BUNDLE names no file of certificates", _SETTING),
    (r"(Invalid|Missing)(Schema|URL|ProxyURL)\b", _ADDRESS, _SETTING),
    (r"Location(Parse|Value)Error|ProxySchemeUn", _ADDRESS, _SETTING),
    (r"Your proxy appears to only use HTTP", _NO_TLS, _SETTING),
    (r"Tunnel connection failed: 407", _NO_LOGIN, _SETTING),
    (r"Tunnel connection failed: 40[13]", "the proxy refuses the connection", _ROUTE),
    (r"(Hostname|IP address) mismatch", "the certificate is of another host", _ROUTE),
    (r"certificate (has expired|is not yet valid)", _CLOCK, _ROUTE),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", _UNTRUSTED, _ROUTE),
    (r"SSLError", "TLS could not be agreed on or the certificate is not trusted", _HOST),
    (r"NameResolutionError", "the host name is not known", _HOST),
    (r"ConnectTimeout", "no connection in time", _HOST),
    (r"ReadTimeout", "no answer in time", _REQUEST),
    (r"Connection refused", "the connection was refused", _HOST),
    (r"is unreachable|No route to host|Host is down", "there is no route to the host", _HOST),
    (r"ConnectionResetError", "the connection was reset", _REQUEST),
    (r"NewConnectionError", "no connection could be made", _HOST),
    (r"IncompleteRead|InvalidChunkLength", "the answer was cut short", _REQUEST),
    (r"DecodeError", "a damaged gzip body", _REQUEST),
    (r"RemoteDisconnected", "the connection was closed without an answer", _REQUEST),
    (r"ProtocolError", "the connection broke", _REQUEST),
)
"""Patterns of the names and texts of an error and its causes, the most specific first."""


def _described(error: Exception) -> tuple[str, str]:
    causes = _causes(error)
    text = " ".join(f"{type(each).__name__} {each}" for each in causes)
    by_proxy = "ProxyError" in text
    for pattern, reason, concerns in _SIGNS:
        if re.search(pattern, text):
            if by_proxy and concerns in (_HOST, _REQUEST):
                return f"the proxy does not work: {reason}", _HOST
            return reason, concerns
    return ("the proxy does not work", _HOST) if by_proxy else (type(error).__name__, _REQUEST)


def _causes(error: BaseException) -> list[BaseException]:
    """Return the error and everything it was raised from or wraps."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and each not in found:
            found.append(each)
            waiting += [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
    return found
