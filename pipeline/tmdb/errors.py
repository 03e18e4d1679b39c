"""What can go wrong between this machine and TMDB, and the sentence that a person reads of it.

No sentence quotes an exception of the network: it would hold the URL, and so the key. The causes of
EVERY_LIST concern all lists of a run alike, so their sentences name no list.
"""

from __future__ import annotations

import datetime
import re
from typing import Any

from pipeline import clock, errors
from pipeline.tmdb.credential import Credential

EVERY_LIST = frozenset({"unreachable", "blocked", "refused"})

# fmt: off
_AGAIN = "then run the same command again: what is finished is kept."
_TRIED = ("in {attempts} attempts (last error: {reason}); check the network, proxy and "
          f"TMDB_API_URL, {_AGAIN}")
_SENTENCES: dict[str, tuple[type[errors.TmdbError], str]] = {
    "unanswered": (errors.TmdbUnavailable, "{host} did not answer {path} properly " + _TRIED),
    "unreachable": (errors.TmdbUnavailable, "{host} could not be reached " + _TRIED),
    "must wait": (errors.TmdbUnavailable,
        "{host} asks to wait until {until} ({reason}), and nothing is requested before that: "
        "run the same command again then, what is finished is kept."),
    "blocked": (errors.TmdbBlocked,
        "{host} did not get the request: something between here and TMDB is in the way ({reason}), "
        "a proxy, a captive portal or a block of this country or address; check the proxy and "
        f"TMDB_API_URL, open https://www.themoviedb.org in a browser on this network, {_AGAIN}"),
    "refused": (errors.CredentialRefused,
        "{host} refuses the {key} in TMDB_API_KEY: correct it in the environment or .env (yours "
        f"is at https://www.themoviedb.org/settings/api), {_AGAIN}"),
    "rejected": (errors.RequestRejected,
        "{host} rejects the request {path} with {reason}; retrying cannot help: check "
        "TMDB_API_URL, and whether a proxy or a captive portal answers instead."),
    "too large": (errors.AnswerNotUnderstood,
        "The answer of {host}{path} is larger than {reason}, which no page of a list is; check "
        "TMDB_API_URL."),
}

_SIGNS = (
    (r"appears to only use HTTP", "blocked", "the proxy speaks no TLS: use an http:// address"),
    (r"Tunnel connection failed: 407", "blocked",
     "the proxy asks for a login: write it as http://user:password@host:port"),
    (r"Tunnel connection failed: 40[13]", "blocked", "the proxy refuses the connection"),
    (r"(Hostname|IP address) mismatch", "blocked", "the certificate is of another host"),
    (r"certificate (has expired|is not yet valid)", "blocked",
     "the certificate is not trusted: it has expired, or this clock is wrong"),
    (r"CERTIFICATE_VERIFY_FAILED|SSLCertVerificationError", "blocked",
     "the certificate is not trusted; add that of an authority of your own to the file that "
     "REQUESTS_CA_BUNDLE names"),
    (r"SSLError", "unreachable", "TLS could not be agreed on or the certificate is not trusted"),
    (r"gaierror", "unreachable", "the host name is not known"),
    (r"NewConnectionError.*TimeoutError", "unreachable", "no connection in time"),
    (r"ReadTimeout", "unanswered", "no answer in time"),
    (r"Connection refused", "unreachable", "the connection was refused"),
    (r"is unreachable|No route|Host is down", "unreachable", "there is no route to the host"),
    (r"Connection ?[Rr]eset", "unanswered", "the connection was reset"),
    (r"NewConnectionError", "unreachable", "no connection could be made"),
    (r"IncompleteRead|InvalidChunkLength", "unanswered", "the answer was cut short"),
    (r"DecodeError", "unanswered", "a damaged gzip body"),
    (r"RemoteDisconnected", "unanswered", "the connection was closed without an answer"),
    (r"", "unanswered", "the connection broke"),
)
# fmt: on


class Failure(errors.TmdbError):
    """Why one attempt gave no usable answer; `ApiSession.get` retries it or names it to people."""

    def __init__(self, reason: str, cause: str = "unanswered", hold: float = 0, **facts: Any):
        super().__init__(reason, **facts)
        self.cause, self.hold_seconds = cause, hold

    def error(self, host: str, path: str, key: Credential, attempts: int) -> errors.TmdbError:
        """Return what is reported to people if this was the last attempt."""
        kind, sentence = _SENTENCES[self.cause]
        facts = {"cause": self.cause, "path": path, "attempts": attempts, **self.facts}
        form = "Read Access Token" if key.is_token else "v3 key"
        return kind(sentence.format(host=host, key=form, reason=self, **facts), **facts)


def is_transient(error: BaseException) -> bool:
    """Return whether another attempt may succeed."""
    return isinstance(error, Failure) and error.cause in ("unanswered", "unreachable")


def minute_in(seconds: float) -> str:
    """Return when that many seconds will be over, rounded up to the full minute."""
    return f"{clock.instant() + datetime.timedelta(seconds=seconds + 60):%Y-%m-%d %H:%M} UTC"


def network_error(error: Exception) -> Failure:
    """Return the failure that an exception of the network means.

    Its representation, which holds those that it wraps, is searched for `_SIGNS`; the first, most
    specific one counts.
    """
    text = repr(error)
    cause, reason = next(rest for sign, *rest in _SIGNS if re.search(sign, text))
    if "ProxyError" in text and cause != "blocked":
        return Failure(f"the proxy does not work: {reason}", "unreachable")
    return Failure(reason, cause)
