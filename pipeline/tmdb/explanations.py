"""What a person reads when TMDB could not be asked: one sentence with what to do, for each cause.

Those that concern every list name none, so that all lists of a run say the same.
"""

from __future__ import annotations

import datetime
import math

from pipeline import clock
from pipeline.errors import (
    CredentialRefused,
    RequestRejected,
    SettingsError,
    TmdbBlocked,
    TmdbUnavailable,
)
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.faults import Blocked, Misconfigured, Rejected, Transient

WORTH_SAYING_SECONDS = 30.0
"""A wait of that length is named in the error of the last attempt."""


def unavailable(host: str, path: str, fault: Transient, attempts: int) -> TmdbUnavailable:
    """Return the error of a request whose last attempt met a transient fault."""
    what = "could not be reached" if fault.of_host else f"did not answer {path} properly"
    wait = ""
    if fault.pause is not None and fault.pause >= WORTH_SAYING_SECONDS:
        wait = f", and it asks to wait until {moment_in(fault.pause)}"
    return TmdbUnavailable(
        f"{host} {what} in {attempts} attempts (the last time: {fault}{wait}); check the network, "
        "proxy and TMDB_API_URL, then run the same command again: what is finished is kept.",
        path=path,
        attempts=attempts,
    )


def asks_to_wait(host: str, seconds: float) -> TmdbUnavailable:
    """Return the error of a request that would have to wait for longer than it may."""
    return TmdbUnavailable(
        f"{host} asks to wait until {moment_in(seconds)} (Retry-After), and nothing is requested "
        "before that: run the same command again then, what is finished is kept.",
        retry_after_seconds=seconds,
    )


def blocked(host: str, path: str, block: Blocked) -> TmdbBlocked:
    """Return the error of a request that did not get through to TMDB."""
    return TmdbBlocked(
        f"{host} could not be asked, something between here and TMDB is in the way ({block}): a "
        "proxy, a captive portal, or a block of this country or address; open "
        "https://www.themoviedb.org in a browser on this network, check the proxy and "
        "TMDB_API_URL, then run the same command again: what is finished is kept.",
        path=path,
    )


def refused(host: str, credential: Credential) -> CredentialRefused:
    """Return the error of a credential that TMDB does not accept."""
    kind = "Read Access Token" if credential.is_token else "v3 key"
    return CredentialRefused(
        f"{host} refuses the {kind} in TMDB_API_KEY: correct it in the environment or .env (yours "
        "is at https://www.themoviedb.org/settings/api), then run the same command again; what is "
        "finished is kept."
    )


def rejected(host: str, path: str, rejection: Rejected) -> RequestRejected:
    """Return the error of a request that is wrong, or whose address is."""
    advice = ""
    if not rejection.by_tmdb:
        advice = ": check TMDB_API_URL, and whether a proxy or a captive portal answers instead"
    return RequestRejected(
        f"{host} rejects the request {path} with {rejection}; retrying cannot help{advice}.",
        path=path,
        status=rejection.status,
    )


def misconfigured(host: str, fault: Misconfigured, proxy_variable: str | None) -> SettingsError:
    """Return the error of a setting of the network that cannot work."""
    variable = proxy_variable or "TMDB_API_URL or REQUESTS_CA_BUNDLE"
    return SettingsError(
        f"{host} cannot be asked: {fault}; correct {variable}, then run the same command again.",
        variable=variable,
    )


def moment_in(seconds: float) -> str:
    """Return when that many seconds will be over, to the full minute after it."""
    moment = clock.instant().timestamp() + seconds
    minute = datetime.datetime.fromtimestamp(math.ceil(moment / 60) * 60, datetime.UTC)
    return f"{minute:%Y-%m-%d %H:%M} UTC"
