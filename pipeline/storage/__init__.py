"""Where documents are kept: `Storage` says what that needs, `LocalStorage` keeps them as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from pipeline.storage.local import LocalStorage, exclusive, sweep

__all__ = ["LocalStorage", "Storage", "exclusive", "sweep"]


class Storage(Protocol):
    """Documents as bytes, by path. It knows nothing of what they hold.

    Every method raises `StorageError` or `DocumentUnreadable` with a sentence that says what to do.
    """

    def read(self, path: Path) -> bytes:
        """Return a document's bytes."""

    def publish(self, path: Path, content: Iterable[bytes]) -> bool:
        """Write a document atomically unless it exists; return whether it was written."""

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document atomically, also where an earlier one exists."""

    def exists(self, path: Path) -> bool:
        """Whether a document exists."""

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names of a folder's documents, in no order; none if there is no folder."""

    def remove(self, path: Path) -> None:
        """Remove a document; one that is gone already is no error."""
