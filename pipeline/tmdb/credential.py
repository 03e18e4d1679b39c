"""Secrets, which no representation shows; and the TMDB credential, recognized by its form.

A Read Access Token is a JSON Web Token and begins with `eyJ`; it works only as a bearer token. A v3
key works only as the `api_key` parameter. Swapped, both are refused (seen on the real API).
"""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field

DEMO = "demo"


@dataclass(frozen=True)
class Secret:
    """A text that never appears in a representation of it."""

    secret: str = field(repr=False)

    def redact(self, text: str) -> str:
        """Return the text without the secret, unless that is so short that any word may hold it."""
        return text.replace(self.secret, "[credential]") if len(self.secret) >= 8 else text


class Credential(Secret):
    """The key or token for TMDB."""

    @property
    def is_demo(self) -> bool:
        """Whether the embedded catalogue answers instead of TMDB."""
        return self.secret == DEMO

    @property
    def is_token(self) -> bool:
        """Whether this is a Read Access Token rather than a v3 key."""
        return self.secret.startswith("eyJ")


def redact_api_key(record: logging.LogRecord) -> bool:
    """Redact `api_key=` in a record of urllib3; a filter of `logging` that keeps every record."""
    message = record.getMessage()
    if "api_key=" in message:
        record.args = None
        record.msg = re.sub(r"""api_key=[^&\s"']*""", "api_key=[credential]", message)
    return True
