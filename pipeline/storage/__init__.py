"""Where documents are kept: `Storage` is the seam; a disk and a bucket are two of them."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

ABSENT = "absent"  # the stamp of a document that does not exist


class Storage(Protocol):
    """What keeps documents, by path and bytes; it knows no schema.

    Every method raises StorageError or DocumentUnreadable with a sentence that says what to do.
    """

    def read(self, path: Path) -> bytes:
        """Return a document's bytes."""

    def read_end(self, path: Path, most: int) -> bytes:
        """Return the last bytes of a document, at most so many."""

    def publish(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document atomically unless it exists: the first publisher wins."""

    def replace(self, path: Path, content: Iterable[bytes]) -> None:
        """Write a document atomically, also where an earlier one exists."""

    def exists(self, path: Path) -> bool:
        """Whether a document exists."""

    def stamps(self, paths: Sequence[Path]) -> Sequence[str]:
        """Return size and time of change of each document, ABSENT where there is none."""

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder without the temporaries; none if there is no folder."""

    def remove(self, path: Path) -> None:
        """Remove a document; one that is gone already is no error."""
