"""Who may ask, and how often: TMDB's two kinds of credential and its rate limit."""

import re
import threading
from collections.abc import Callable, Mapping

from pipeline.clock import monotonic

_KEY = re.compile(r"[0-9a-fA-F]{32}", re.ASCII)
_TOKEN = re.compile(r"eyJ[\w.-]+", re.ASCII)
_BEARER = re.compile(r"Bearer +(\S+)", re.ASCII | re.IGNORECASE)


def is_credential(text: str) -> bool:
    """Whether this has the form of a v3 key or of a Read Access Token."""
    return bool(_KEY.fullmatch(text) or _TOKEN.fullmatch(text))


def presented_credential(query: Mapping[str, str], authorization: str) -> str | None:
    """The credential of a request, if it is well formed and stands where its kind belongs.

    A v3 key counts only as `?api_key=`, a Read Access Token only as a Bearer.
    """
    key = query.get("api_key", "")
    if _KEY.fullmatch(key):
        return key
    bearer = _BEARER.fullmatch(authorization.strip())
    return bearer[1] if bearer and _TOKEN.fullmatch(bearer[1]) else None


class TokenBucket:
    """Lets `rate` requests a second through, and as many at once after a quiet second."""

    def __init__(self, rate: float, clock: Callable[[], float] = monotonic) -> None:
        """Start full; a rate of 0 refuses nothing."""
        self._rate = rate
        self._capacity = max(rate, 1.0)
        self._clock = clock
        self._tokens = self._capacity
        self._filled_at = clock()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one token; False when there is none, and then nothing is taken."""
        if self._rate == 0:
            return True
        with self._lock:
            now = self._clock()
            refill = (now - self._filled_at) * self._rate
            self._tokens = min(self._capacity, self._tokens + refill)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
