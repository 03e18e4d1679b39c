"""The two gates before any answer: requests a second, and the credential."""

import re
import threading
from collections.abc import Mapping


class TokenBucket:
    """At most `limit` requests at once and `limit` more a second; None lets everything pass."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._tokens = limit or 0.0
        self._refilled_at: float | None = None
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Whether a request at `now` (seconds, monotonic) may pass."""
        if self._limit is None:
            return True
        with self._lock:
            since = now - (now if self._refilled_at is None else self._refilled_at)
            self._tokens = min(self._limit, self._tokens + max(since, 0.0) * self._limit)
            self._refilled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True


class CredentialCheck:
    """A v3 key counts as `?api_key=` alone, a token as Bearer alone; swapped, neither does."""

    def __init__(self, key: str | None) -> None:
        self._is_token = key is not None and key.startswith("eyJ")
        if not (key is None or self._is_token or re.fullmatch("[0-9a-f]{32}", key)):
            raise ValueError("key: 32 hex digits, a token that starts with eyJ, or None for any")
        self._key = key

    def accepts(self, query: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        if self._key is None:
            return True
        if self._is_token:
            return headers.get("Authorization") == f"Bearer {self._key}"
        return query.get("api_key") == self._key
