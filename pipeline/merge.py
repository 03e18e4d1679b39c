"""Films of many lists, each once, in memory that does not hold their rows. Pure.

What is kept of a film is some 150 bytes of numbers; its row goes to where the caller keeps rows, a
plain list or a file, and is fetched from there when the result is read. So a million films take
less memory than ten thousand as objects would.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from pipeline import jsontext
from pipeline.rows import DEPTH, END, Row

_FOUND_IN = b",\n" + b"  " * (DEPTH + 1) + b'"found_in": '
_NONE = 2**32 - 1
_MOST_VOTES = 10**15


class Rows(Protocol):
    """Where encoded rows are kept, numbered as they come: `list[bytes]`, or a file."""

    def append(self, row: bytes, /) -> None:
        """Keep one more."""

    def __getitem__(self, number: int, /) -> bytes:
        """Return one."""

    def __len__(self) -> int:
        """How many there are."""


class Merge:
    """Takes films list by list; gives each once, with the row of the most votes.

    A film stands where its first list had it. TMDB caches each page by itself, so that lists can
    disagree on a film's numbers: the row with the most votes is taken whole, since votes only grow
    and so it is the youngest; among equals, that of the first list.
    """

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._lists: list[str] = []
        self._films: dict[int, int] = {}
        self._row = array("I")
        self._votes = array("d")
        self._numbers = array("q")
        self._differs = bytearray()
        self._first_place, self._last_place = array("I"), array("I")
        self._place_list, self._place_rank, self._next_place = array("I"), array("I"), array("I")

    def __len__(self) -> int:
        """How many different films there are."""
        return len(self._films)

    @property
    def numbers_differ(self) -> int:
        """For how many films a list had other numbers than the best row until then.

        Lists of the same minute can disagree on popularity and votes; seen in 33 of 115 cases.
        """
        return sum(self._differs)

    def add(self, name: str, films: Iterable[Row]) -> int:
        """Add a list; return how many of its films no list before it had."""
        self._lists.append(name)
        before = len(self)
        for rank, film in enumerate(films, start=1):
            number = self._films.setdefault(film.id, len(self._films))
            if number == len(self._row):
                self._begin(film)
            else:
                self._compare(number, film)
            self._found(number, rank)
        return len(self) - before

    def encoded(self) -> Iterator[bytes]:
        """Return the films as they stand in a document, each with `found_in` as its last key.

        That is every list it was on, with its rank there, counted from 1.
        """
        for number, row in enumerate(self._row):
            found_in = jsontext.nested(list(self._places(number)), DEPTH + 1)
            yield self._rows[row].removesuffix(END) + _FOUND_IN + found_in + END

    def _begin(self, film: Row) -> None:
        self._row.append(len(self._rows))
        self._rows.append(film.text)
        self._votes.append(_votes(film))
        self._numbers.append(_numbers(film))
        self._differs.append(False)
        self._first_place.append(_NONE)
        self._last_place.append(_NONE)

    def _compare(self, number: int, film: Row) -> None:
        votes, numbers = _votes(film), _numbers(film)
        if numbers != self._numbers[number]:
            self._differs[number] = True
        if votes > self._votes[number]:
            self._row[number] = len(self._rows)
            self._rows.append(film.text)
            self._votes[number], self._numbers[number] = votes, numbers

    def _found(self, number: int, rank: int) -> None:
        place = len(self._place_list)
        self._place_list.append(len(self._lists) - 1)
        self._place_rank.append(rank)
        self._next_place.append(_NONE)
        if self._first_place[number] == _NONE:
            self._first_place[number] = place
        else:
            self._next_place[self._last_place[number]] = place
        self._last_place[number] = place

    def _places(self, number: int) -> Iterator[dict[str, Any]]:
        place = self._first_place[number]
        while place != _NONE:
            yield {"list": self._lists[self._place_list[place]], "rank": self._place_rank[place]}
            place = self._next_place[place]


def _numbers(film: Row) -> int:
    """Return what is the same for the same numbers, whatever stands there."""
    values = (film.popularity, film.vote_average, film.vote_count)
    try:
        return hash(values)
    except TypeError:
        return hash(repr(values))


def _votes(film: Row) -> float:
    votes = film.vote_count
    if not isinstance(votes, int | float) or isinstance(votes, bool):
        return -1.0
    return float(max(-1, min(votes, _MOST_VOTES)))
