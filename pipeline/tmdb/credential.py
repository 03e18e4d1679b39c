"""The TMDB credential: told apart by its form, shown to nobody, and given up once refused.

A Read Access Token is a JSON Web Token and begins with `eyJ`; it works only as a bearer token. A v3
key works only as the `api_key` parameter. Swapped, both are refused (seen on the real API).
"""

from __future__ import annotations

import hashlib
import mmap
from dataclasses import dataclass, field

DEMO = "demo"

_SHORTEST_SECRET = 8
"""A text shorter than this is no real credential, and might be part of any word."""


@dataclass(frozen=True)
class Credential:
    """A key or token whose text never appears in a representation of it."""

    secret: str = field(repr=False)

    @property
    def is_demo(self) -> bool:
        """Whether the embedded catalogue answers instead of TMDB."""
        return self.secret == DEMO

    @property
    def is_token(self) -> bool:
        """Whether this is a Read Access Token rather than a v3 key."""
        return self.secret.startswith("eyJ")

    def redact(self, text: str) -> str:
        """Return the text without the secret, for what is logged or raised."""
        is_secret = len(self.secret) >= _SHORTEST_SECRET
        return text.replace(self.secret, "[credential]") if is_secret else text


class Refusals:
    """Remembers, for this run and its forked workers, the credential that was refused.

    What is kept is a digest in anonymous shared memory: it is inherited by every worker process,
    reaches no file, and ends with the run. So that one refusal stops them all.
    """

    _SIZE = hashlib.sha256().digest_size

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._SIZE)

    def remember(self, credential: Credential, base_url: str) -> None:
        """Note that this credential was refused there."""
        self._memory[:] = self._digest(credential, base_url)

    def knows(self, credential: Credential, base_url: str) -> bool:
        """Whether this very credential was refused there before."""
        return self._memory[:] == self._digest(credential, base_url)

    def _digest(self, credential: Credential, base_url: str) -> bytes:
        return hashlib.sha256(f"{base_url}\n{credential.secret}".encode()).digest()
