"""Whether a page shows its documents as they are now.

A page ends with a comment that holds a fingerprint of the documents it was drawn from: of their
names, sizes and times of change. So a page is found stale without being parsed, and without one of
its documents being read.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import luigi

from pipeline import bounded

_TAIL_BYTES = 200
_MARK = re.compile(r"<!-- drawn from documents ((?:[0-9a-f]{16} ?)+)-->\s*\Z")


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
                self._known[path] = "-"
        return self._known[path]

    def is_there(self, path: Path) -> bool:
        """Whether the file exists."""
        return self.of(path) != "-"

    def fingerprint(self, paths: Iterable[Path], *facts: str) -> str:
        """Return the fingerprint of documents, and of facts that are not in a file."""
        state = "\n".join([*facts, *(f"{path.name} {self.of(path)}" for path in paths)])
        return hashlib.sha256(state.encode("utf-8", "surrogateescape")).hexdigest()[:16]


class PageTarget(luigi.LocalTarget):
    """A page that exists once it shows its documents as they are now."""

    def __init__(self, path: Path, expected: Callable[[], Iterable[tuple[str, ...]]]) -> None:
        super().__init__(str(path))
        self._expected = expected

    def exists(self) -> bool:
        """Whether the page is there and bears one of the fingerprints that are expected."""
        marks = marks_of(Path(self.path))
        return bool(marks) and any(marks[: len(each)] == each for each in self._expected())


def marked(html: str, *fingerprints: str) -> str:
    """Return the page with the fingerprints at its end."""
    return f"{html.rstrip()}\n<!-- drawn from documents {' '.join(fingerprints)} -->\n"


def marks_of(page: Path) -> tuple[str, ...]:
    """Return the fingerprints at the end of a page; none where there is no page."""
    try:
        end = bounded.read_end(page, _TAIL_BYTES).decode("ascii", errors="replace")
    except OSError:
        return ()
    found = _MARK.search(end)
    return tuple(found[1].split()) if found else ()
