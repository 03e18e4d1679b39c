"""What can go wrong between us and TMDB, and a word for each that holds no secret."""

from __future__ import annotations


class Transient(Exception):
    """A fault that may pass; `pause` is the wait in seconds that the server asked for."""

    def __init__(self, what: str, pause: float | None = None, *, too_fast: bool = False) -> None:
        super().__init__(what)
        self.pause = pause
        self.too_fast = too_fast


class Stopped(Exception):
    """Another request of the same list failed, so this one is given up."""


def reason(error: Exception) -> str:
    """Say what went wrong without the error's own text, which holds the URL and so the key."""
    names = {type(each).__name__ for each in _causes(error)}
    text = " ".join(str(each) for each in _causes(error))
    for sign, words in _REASONS:
        if sign in names or sign in text:
            return words
    return type(error).__name__


_FOREIGN_CERTIFICATE = "the certificate is of another host"
_UNTRUSTED_CERTIFICATE = (
    "the certificate is not trusted; that of an authority of your own belongs into the file that "
    "REQUESTS_CA_BUNDLE names"
)

_REASONS = (
    ("NameResolutionError", "the host name is not known"),
    ("Hostname mismatch", _FOREIGN_CERTIFICATE),
    ("IP address mismatch", _FOREIGN_CERTIFICATE),
    ("CERTIFICATE_VERIFY_FAILED", _UNTRUSTED_CERTIFICATE),
    ("SSLError", "TLS could not be agreed on or the certificate is not trusted"),
    ("SSLCertVerificationError", _UNTRUSTED_CERTIFICATE),
    ("TLS CA certificate", "REQUESTS_CA_BUNDLE names no file of certificates"),
    ("ProxyError", "the proxy does not work"),
    ("ConnectTimeoutError", "no connection in time"),
    ("ConnectTimeout", "no connection in time"),
    ("ReadTimeoutError", "no answer in time"),
    ("ReadTimeout", "no answer in time"),
    ("Connection refused", "the connection was refused"),
    ("ConnectionResetError", "the connection was reset"),
    ("NewConnectionError", "no connection could be made"),
    ("IncompleteRead", "the answer was cut short"),
    ("DecodeError", "a damaged gzip body"),
    ("RemoteDisconnected", "the connection was closed without an answer"),
    ("InvalidChunkLength", "the answer was cut short"),
    ("ProtocolError", "the connection broke"),
)


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
