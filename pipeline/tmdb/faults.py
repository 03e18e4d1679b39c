"""What can go wrong between us and TMDB, and a word for each that holds no secret."""

from __future__ import annotations

import enum


class Transient(Exception):
    """A fault that may pass; `pause` is the wait in seconds that the server asked for.

    `of_host` is set where it concerns every list alike: the host cannot be reached.
    """

    def __init__(
        self,
        what: str,
        pause: float | None = None,
        *,
        too_fast: bool = False,
        of_host: bool = False,
    ) -> None:
        super().__init__(what)
        self.pause = pause
        self.too_fast = too_fast
        self.of_host = of_host


class Blocked(Exception):
    """Something between here and TMDB answered, or stands in the way: no retry helps."""


class Misconfigured(Exception):
    """A setting of the network cannot work: no retry helps."""


class KeyRefused(Exception):
    """TMDB does not accept the credential."""


class Rejected(Exception):
    """The request or its address is wrong; `by_tmdb` is unset where TMDB did not say so."""

    def __init__(self, what: str, status: int, *, by_tmdb: bool = True) -> None:
        super().__init__(what)
        self.status = status
        self.by_tmdb = by_tmdb


class Stopped(Exception):
    """Another request of the same list failed, so this one is given up."""


class _Concerns(enum.Enum):
    """Whom a fault concerns, and so what helps."""

    ONE_REQUEST = "another attempt may pass"
    HOST = "another attempt may pass; until then no list can be had"
    WAY = "no retry helps: something between here and TMDB is not TMDB"
    SETTING = "no retry helps: a setting is wrong"


def fault_of(error: Exception) -> Transient | Blocked | Misconfigured:
    """Return the fault that an exception of the network means."""
    words, concerns = _explained(error)
    if concerns is _Concerns.SETTING:
        return Misconfigured(words)
    if concerns is _Concerns.WAY:
        return Blocked(words)
    return Transient(words, of_host=concerns is _Concerns.HOST)


def reason(error: Exception) -> str:
    """Say what went wrong without the error's own text, which holds the URL and so the key."""
    return _explained(error)[0]


def _explained(error: Exception) -> tuple[str, _Concerns]:
    names = {type(each).__name__ for each in _causes(error)}
    text = " ".join(str(each) for each in _causes(error))
    for sign, words, concerns in _REASONS:
        if sign in names or sign in text:
            if "ProxyError" in names and concerns in (_Concerns.HOST, _Concerns.ONE_REQUEST):
                return f"the proxy does not work: {words}", _Concerns.HOST
            return words, concerns
    if "ProxyError" in names:
        return "the proxy does not work", _Concerns.HOST
    return type(error).__name__, _Concerns.ONE_REQUEST


_FOREIGN_CERTIFICATE = "the certificate is of another host"
_UNTRUSTED_CERTIFICATE = (
    "the certificate is not trusted; that of an authority of your own belongs into the file that "
    "REQUESTS_CA_BUNDLE names"
)
_UNTIMELY_CERTIFICATE = "the certificate is not trusted: it has expired, or this clock is wrong"
_ADDRESS = "TMDB_API_URL or the address of the proxy cannot be used"

_REASONS = (
    ("TLS CA certificate", "REQUESTS_CA_BUNDLE names no file of certificates", _Concerns.SETTING),
    ("InvalidSchema", _ADDRESS, _Concerns.SETTING),
    ("MissingSchema", _ADDRESS, _Concerns.SETTING),
    ("InvalidURL", _ADDRESS, _Concerns.SETTING),
    ("InvalidProxyURL", _ADDRESS, _Concerns.SETTING),
    ("LocationParseError", _ADDRESS, _Concerns.SETTING),
    ("LocationValueError", _ADDRESS, _Concerns.SETTING),
    ("ProxySchemeUnknown", _ADDRESS, _Concerns.SETTING),
    ("ProxySchemeUnsupported", _ADDRESS, _Concerns.SETTING),
    (
        "Your proxy appears to only use HTTP",
        "the proxy speaks no TLS: its address begins with http:// and not with https://",
        _Concerns.SETTING,
    ),
    (
        "Tunnel connection failed: 407",
        "the proxy asks for a login: write it as http://user:password@host:port",
        _Concerns.SETTING,
    ),
    ("Tunnel connection failed: 401", "the proxy refuses the connection", _Concerns.WAY),
    ("Tunnel connection failed: 403", "the proxy refuses the connection", _Concerns.WAY),
    ("Hostname mismatch", _FOREIGN_CERTIFICATE, _Concerns.WAY),
    ("IP address mismatch", _FOREIGN_CERTIFICATE, _Concerns.WAY),
    ("certificate has expired", _UNTIMELY_CERTIFICATE, _Concerns.WAY),
    ("certificate is not yet valid", _UNTIMELY_CERTIFICATE, _Concerns.WAY),
    ("CERTIFICATE_VERIFY_FAILED", _UNTRUSTED_CERTIFICATE, _Concerns.WAY),
    ("SSLCertVerificationError", _UNTRUSTED_CERTIFICATE, _Concerns.WAY),
    (
        "SSLError",
        "TLS could not be agreed on or the certificate is not trusted",
        _Concerns.HOST,
    ),
    ("NameResolutionError", "the host name is not known", _Concerns.HOST),
    ("ConnectTimeoutError", "no connection in time", _Concerns.HOST),
    ("ConnectTimeout", "no connection in time", _Concerns.HOST),
    ("ReadTimeoutError", "no answer in time", _Concerns.ONE_REQUEST),
    ("ReadTimeout", "no answer in time", _Concerns.ONE_REQUEST),
    ("Connection refused", "the connection was refused", _Concerns.HOST),
    ("Network is unreachable", "there is no route to the host", _Concerns.HOST),
    ("No route to host", "there is no route to the host", _Concerns.HOST),
    ("Host is down", "there is no route to the host", _Concerns.HOST),
    ("ConnectionResetError", "the connection was reset", _Concerns.ONE_REQUEST),
    ("NewConnectionError", "no connection could be made", _Concerns.HOST),
    ("IncompleteRead", "the answer was cut short", _Concerns.ONE_REQUEST),
    ("DecodeError", "a damaged gzip body", _Concerns.ONE_REQUEST),
    ("RemoteDisconnected", "the connection was closed without an answer", _Concerns.ONE_REQUEST),
    ("InvalidChunkLength", "the answer was cut short", _Concerns.ONE_REQUEST),
    ("ProtocolError", "the connection broke", _Concerns.ONE_REQUEST),
)
"""Signs in the names and texts of an error and its causes, the most telling ones first."""


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
