"""Where documents are kept: `Storage` is the seam; a disk and a bucket are two of them."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

ABSENT = "absent"  # the stamp of a document that does not exist

# Called with what a walk leaves out, a link or a folder that cannot be read, and why.
Skip = Callable[[Path, str], None]


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

    def stamp(self, path: Path) -> str:
        """Return size and time of change of a document, ABSENT where there is none."""

    def list(self, folder: Path) -> Sequence[str]:
        """Return the names in a folder without the temporaries; none if there is no folder."""

    def remove(self, path: Path, root: Path | None = None) -> None:
        """Remove a document, through no link below a root; one that is gone already is no error."""

    def walk(
        self, folder: Path, names: Collection[str] = (), skip: Skip | None = None
    ) -> Iterator[Path]:
        """Yield the documents below a folder, or below those of its folders, without temporaries.

        No link is followed. Without `skip`, a folder that cannot be read is an OSError.
        """

    def is_folder(self, folder: Path) -> bool:
        """Whether there is such a folder itself, and no link; in a bucket, a document below it."""

    def remove_folder(self, folder: Path) -> None:
        """Remove a folder and those below it, as far as they hold no file; a bucket has none."""

    def move(self, path: Path, target: Path, root: Path) -> None:
        """Move a document through no link below a root; a killed move leaves it in both places."""

    def as_file(self, path: Path, folder: Path) -> Path | None:
        """Return a document as a file of this machine: itself, or a copy in a folder.

        None where there is no document, or one that is no plain file.
        """

    def restore(self, path: Path, source: Path, modified_at: float, *, replaces: bool) -> bool:
        """Publish a file that was saved, with its time and owner where those are kept.

        Return False where there is one already that it must not replace.
        """
