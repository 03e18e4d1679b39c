r"""The rows of one table, out of what pg_restore prints: one COPY statement and its lines.

Nothing else of that text is used, so that neither a SET of a newer client nor a statement of a
forged dump reaches the server. psql leaves COPY data at a line of `\.` only, and so does this.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

END = b"\\.\n"

_CHUNK_BYTES = 1 << 16
_NAME = r'(?:[a-z_][a-z0-9_]*|"[^"\x00-\x1f\\:]+")'
_COPY = re.compile(
    rf"COPY (?:{_NAME}\.)?(?P<table>{_NAME}) (?P<columns>\({_NAME}(?:, {_NAME})*\)) FROM stdin;\n"
)
_ENCODING = re.compile(r"SET client_encoding = '(?P<name>[A-Za-z0-9_]+)';\n")


class Rows:
    """The rows of a table. `count` is how many were read so far.

    Iterate to the end: what follows after the rows is looked at too.

    Raises:
        ValueError: the text holds no rows of that table, or more than rows; the text says which.
    """

    def __init__(self, printed: IO[bytes], table: str) -> None:
        self.count = 0
        self._table = table
        self._lines = _pieces(printed)
        self._encoding, self._columns = self._header()

    def statement(self, target: str) -> bytes:
        """Return the statements that put the rows into the target table."""
        encoding = f"SET LOCAL client_encoding = '{self._encoding}';\n" if self._encoding else ""
        return f"{encoding}COPY {target} {self._columns} FROM stdin;\n".encode()

    def __iter__(self) -> Iterator[bytes]:
        for starts_line, piece in self._lines:
            if starts_line and piece.startswith(b"\\."):
                if piece != END:
                    raise ValueError(f"the rows of {self._table} do not end as rows do")
                self._see_the_rest()
                return
            if b"\0" in piece:
                raise ValueError(f"the rows of {self._table} hold a NUL byte")
            self.count += starts_line
            yield piece
        raise ValueError(f"the rows of {self._table} have no end")

    def _header(self) -> tuple[str, str]:
        encoding = ""
        for starts_line, piece in self._lines:
            text = piece.decode(errors="replace") if starts_line else ""
            if found := _ENCODING.fullmatch(text):
                encoding = found["name"]
            elif text.startswith("COPY "):
                return encoding, self._columns_in(text)
        raise ValueError(f"it holds no rows of {self._table}")

    def _columns_in(self, text: str) -> str:
        found = _COPY.fullmatch(text)
        if found is None or found["table"].strip('"') != self._table:
            raise ValueError(f"the rows of {self._table} begin with {text[:80].strip()!r}")
        return found["columns"]

    def _see_the_rest(self) -> None:
        if any(starts_line and piece.startswith(b"COPY ") for starts_line, piece in self._lines):
            raise ValueError(f"it holds the rows of {self._table} more than once")


def _pieces(printed: IO[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Yield the text piece by piece, and whether a piece starts a line; a long line has several."""
    starts_line = True
    while piece := printed.readline(_CHUNK_BYTES):
        yield starts_line, piece
        starts_line = piece.endswith(b"\n")
