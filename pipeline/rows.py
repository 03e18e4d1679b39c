"""A list's films as the texts that they are, with the few values that a merge looks at. Pure.

To understand a film takes four times as long as to find where it ends, and to write it anew longer
still; a merge of a million needs neither.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from pipeline import jsontext

DEPTH = 2
"""A film stands in a list, that in a document."""

END = b"\n" + b"  " * DEPTH + b"}"
"""How a film ends that we have written."""


class Row(NamedTuple):
    """A film: its id, what lists can disagree on, and its text as it stands in our documents."""

    id: int
    popularity: Any
    vote_average: Any
    vote_count: Any
    text: bytes


class _Document(msgspec.Struct):
    movies: list[msgspec.Raw]
    collection_info: Any


class _Film(msgspec.Struct):
    id: int
    popularity: Any = None
    vote_average: Any = None
    vote_count: Any = None
    found_in: Any = msgspec.UNSET


class _OddDocument(msgspec.Struct):
    movies: list[_Film]
    collection_info: Any


_read_document = msgspec.json.Decoder(_Document).decode
_read_film = msgspec.json.Decoder(_Film).decode


def rows_of(document: bytes) -> tuple[list[Row], Any]:
    """Return the films of a list's document and its `collection_info`.

    A `found_in` of another document is left out: a merge adds its own.

    Raises:
        ValueError: it is no such document, or one of its films has no whole number as its id.
        RecursionError: it is nested too deeply.
    """
    document.decode("utf-8")
    try:
        found = _read_document(document)
        return [_row(bytes(film)) for film in found.movies], found.collection_info
    except msgspec.DecodeError:
        return _rows_of_odd(jsontext.decode(document))


def _row(text: bytes) -> Row:
    film = _read_film(text)
    if film.found_in is not msgspec.UNSET or not text.endswith(END):
        text = _encoded(jsontext.decode(text))
    return Row(film.id, film.popularity, film.vote_average, film.vote_count, text)


def _rows_of_odd(document: Any) -> tuple[list[Row], Any]:
    """Do the same where there are halves of surrogate pairs, or say what is wrong."""
    found = msgspec.convert(document, _OddDocument)
    return [
        Row(film.id, film.popularity, film.vote_average, film.vote_count, _encoded(text))
        for film, text in zip(found.movies, document["movies"], strict=True)
    ], found.collection_info


def _encoded(film: dict[str, Any]) -> bytes:
    return jsontext.nested({key: film[key] for key in film if key != "found_in"}, DEPTH)
