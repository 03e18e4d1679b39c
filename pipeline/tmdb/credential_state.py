"""Whether TMDB accepted a credential, kept from run to run in a file that only its owner can read.

The file holds a digest, from which nobody can make the credential again.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from pipeline import clock
from pipeline.tmdb import private_files
from pipeline.tmdb.credential import Credential

MAX_AGE_DAYS = 8
"""Days for which an acceptance counts: a week's run and a day."""


class CredentialState:
    """Whether TMDB has recently accepted a credential at one address. Never raises."""

    def __init__(self, path: Path, credential: Credential, api_url: str) -> None:
        self._path = path
        self._digest = credential.digest(api_url)

    def is_accepted(self) -> bool:
        """Whether this very credential was accepted in the last days."""
        try:
            age = clock.now().timestamp() - self._path.stat().st_mtime
            return age < MAX_AGE_DAYS * 86_400 and private_files.read(self._path) == self._digest
        except OSError:
            return False

    def remember(self) -> None:
        """Note that it was accepted now."""
        with contextlib.suppress(OSError):
            private_files.update(self._path, lambda _: self._digest)

    def forget(self) -> None:
        """Note that it was refused."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
