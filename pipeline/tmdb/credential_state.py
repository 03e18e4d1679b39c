"""The memory of an accepted credential, from run to run: one that is known need not go alone.

What is kept is a digest, of which nobody can make the credential again, in a file that only its
owner can read.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pipeline import clock
from pipeline.storage import bounded
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.rate_limit import open_private

KNOWN_DAYS = 8
"""After that long without an answer a credential is tried alone again: a week's run and a day."""


class Acceptance:
    """Whether TMDB has lately answered a credential at one address. Never raises."""

    def __init__(self, path: Path, credential: Credential, api_url: str) -> None:
        self._path = path
        self._digest = credential.digest(api_url)

    def known(self) -> bool:
        """Whether this very credential was answered in the last days."""
        try:
            age = clock.now().timestamp() - self._path.stat().st_mtime
            return age < KNOWN_DAYS * 86_400 and bounded.read(self._path) == self._digest
        except OSError:
            return False

    def remember(self) -> None:
        """Note that it was answered now."""
        with contextlib.suppress(OSError):
            descriptor = open_private(self._path)
            try:
                os.pwrite(descriptor, self._digest, 0)
                os.ftruncate(descriptor, len(self._digest))
            finally:
                os.close(descriptor)

    def forget(self) -> None:
        """Note that it was refused."""
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)
