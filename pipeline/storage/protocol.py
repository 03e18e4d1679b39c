"""What the pipeline needs from the place where its documents are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol


class Storage(Protocol):
    """Documents as bytes, by their path below the data root. It knows nothing of what they hold.

    A document is there as a whole or not at all. All methods raise `StorageError` or
    `DocumentUnreadable` with a sentence that says what to do.
    """

    def read(self, path: Path) -> bytes:
        """Return a document's bytes."""

    def publish(self, path: Path, content: Iterable[bytes]) -> bool:
        """Write a document unless it is there; return whether it was written.

        The first of several publishers wins: what was read once does not change afterwards.
        """

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document, also where an earlier one is there."""

    def exists(self, path: Path) -> bool:
        """Whether a document is there."""

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names of a folder's documents, in no order; none where there is no folder."""

    def remove(self, path: Path) -> None:
        """Remove a document; one that is gone already is no error."""
