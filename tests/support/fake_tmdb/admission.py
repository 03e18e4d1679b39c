"""What a request needs to be admitted: the rate limit and the credential."""

import re
import threading
from collections.abc import Mapping


class TokenBucket:
    """Allow `limit` requests at once and `limit` a second; None is no limit."""

    def __init__(self, limit: float | None) -> None:
        self._limit = limit
        self._tokens = limit or 0.0
        self._refilled_at: float | None = None
        self._lock = threading.Lock()

    def take(self, now: float) -> bool:
        """Take a token at `now` (monotonic seconds); return False if there is none."""
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
    """Check a credential: a v3 key only as `?api_key=`, a token only as Bearer."""

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
