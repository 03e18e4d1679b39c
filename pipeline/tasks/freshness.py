"""Whether a page shows its documents as they are now.

Beside the pages, below `state/`, stands a fingerprint of the documents that each was drawn of: of
their names, sizes and times of change. So a page is found stale without being parsed, and without
one of its documents being read.
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
"""The stamp of a file that is not there."""

_PRIVATE = LocalStorage(mode=0o600)


class Stamps:
    """The state of files, each looked at once; a new instance looks anew."""

    def __init__(self) -> None:
        self._known: dict[Path, str] = {}

    def of(self, path: Path) -> str:
        """Return what changes when the file is written, replaced or removed."""
        if path not in self._known:
            try:
                status = os.stat(path)
                self._known[path] = f"{status.st_size}.{status.st_mtime_ns}"
            except OSError:
                self._known[path] = ABSENT
        return self._known[path]

    def is_there(self, path: Path) -> bool:
        """Whether the file exists."""
        return self.of(path) != ABSENT

    def fingerprint(self, paths: Iterable[Path], *facts: str) -> str:
        """Return the fingerprint of documents, and of facts that are not in a file."""
        state = "\n".join([*facts, *(f"{path.name} {self.of(path)}" for path in paths)])
        return hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class PageTarget(luigi.LocalTarget):
    """A page that exists once it shows its documents as they are now."""

    def __init__(
        self, page: Path, state: Path, expected: Callable[[], Iterable[tuple[str, ...]]]
    ) -> None:
        super().__init__(page)
        self._page = page
        self._state = state
        self._expected = expected

    def exists(self) -> bool:
        """Whether the page is there and was drawn of documents with an expected fingerprint."""
        drawn_of = fingerprints_of(self._page, self._state)
        return bool(drawn_of) and any(drawn_of[: len(each)] == each for each in self._expected())


def refuse_unconfirmed(page: PageTarget) -> None:
    """Raise where a page that was just drawn does not count as drawn: its state cannot be read.

    Raises:
        StorageError: the page is there, and the same command draws it again.
    """
    if not (page.exists() or page.exists()):  # a fault of a moment passes
        raise StorageError(
            f"{page.path} was drawn, but its documents or the state beside it changed or cannot be "
            "read now: see that disk, then run the same command again."
        )


def remember(page: Path, state: Path, *fingerprints: str) -> None:
    """Write down of which documents a page was drawn.

    Raises:
        StorageError: it cannot be written.
    """
    text = " ".join([Stamps().of(page), *fingerprints]) + "\n"
    _PRIVATE.replace(state, [text.encode("ascii")])


def fingerprints_of(page: Path, state: Path) -> tuple[str, ...]:
    """Return the fingerprints that a page was drawn of; none where it was written by another."""
    try:
        stamp, *fingerprints = bounded.read(state).decode("ascii", errors="replace").split()
    except (OSError, ValueError):
        return ()
    return tuple(fingerprints) if stamp == Stamps().of(page) != ABSENT else ()
