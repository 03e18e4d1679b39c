"""The memory of a refused credential: one refusal stops the whole run."""

from __future__ import annotations

import mmap

from pipeline.credential import Credential


class Refusals:
    """Remembers, for this run and its forked workers, the credential that was refused.

    What is kept is a digest in anonymous shared memory: it is inherited by every worker process,
    reaches no file, and ends with the run. So that one refusal stops them all.
    """

    _SIZE = 32

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, self._SIZE)

    def remember(self, credential: Credential, base_url: str) -> None:
        """Note that this credential was refused there."""
        self._memory[:] = credential.digest(base_url)

    def knows(self, credential: Credential, base_url: str) -> bool:
        """Whether this very credential was refused there before."""
        return self._memory[:] == credential.digest(base_url)
