"""Whether a page shows its documents in their present state.

For each page, a file below `state/` has the fingerprint of the documents from which it was drawn:
a hash of their names, sizes and modification times. So a stale page is found without parsing it
and without reading its documents.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path

import luigi

from pipeline.errors import StorageError
from pipeline.storage import LocalStorage, bounded

ABSENT = "-"
"""The stamp of a file that does not exist."""

_PRIVATE = LocalStorage(mode=0o600)


class Stamps:
    """The stamps of files. Each file is looked at once; a new instance looks again."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def stamp(self, path: Path) -> str:
        """Return a text that changes when the file is written, replaced or removed."""
        if path not in self._known:
            try:
                status = os.stat(path)
                self._known[path] = f"{status.st_size}.{status.st_mtime_ns}"
            except OSError:
                self._known[path] = ABSENT
        return self._known[path]

    def exists(self, path: Path) -> bool:
        """Whether the file exists."""
        return self.stamp(path) != ABSENT

    def fingerprint(self, paths: Iterable[Path], *facts: str) -> str:
        """Return the fingerprint of documents, and of facts that are in no file."""
        state = "\n".join([*facts, *(f"{path.name} {self.stamp(path)}" for path in paths)])
        return hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class PageTarget(luigi.LocalTarget):
    """A page that exists if it shows its documents in their present state."""

    def __init__(
        self, page: Path, state: Path, expected: Callable[[], Iterable[tuple[str, ...]]]
    ) -> None:
        super().__init__(page)
        self._state = state
        self._expected = expected

    def exists(self) -> bool:
        """Whether the page was drawn from documents with one of the expected fingerprints."""
        drawn_from = read_fingerprints(Path(self.path), self._state)
        return bool(drawn_from) and any(
            drawn_from[: len(each)] == each for each in self._expected()
        )


def check_drawn(page: PageTarget) -> None:
    """Raise if a page that was just drawn does not count as drawn.

    Raises:
        StorageError: its documents changed meanwhile, or its state cannot be read.
    """
    if not (page.exists() or page.exists()):  # the second attempt is for a transient error
        raise StorageError(
            f"{page.path} was drawn, but its documents or the state beside it changed or cannot be "
            "read now: check that disk, then run the same command again."
        )


def write_fingerprints(page: Path, state: Path, *fingerprints: str) -> None:
    """Write the fingerprints of the documents from which a page was drawn.

    Raises:
        StorageError: the file cannot be written.
    """
    text = " ".join([Stamps().stamp(page), *fingerprints]) + "\n"
    _PRIVATE.replace(state, [text.encode("ascii")])


def read_fingerprints(page: Path, state: Path) -> tuple[str, ...]:
    """Return the fingerprints of a page; none if the page is not the one that was drawn."""
    try:
        stamp, *fingerprints = bounded.read(state).decode("ascii", errors="replace").split()
    except (OSError, ValueError):
        return ()
    return tuple(fingerprints) if stamp == Stamps().stamp(page) != ABSENT else ()
