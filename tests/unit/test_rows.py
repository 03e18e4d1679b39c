"""Films as the texts that they are: the same as understood and written anew, only faster."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pipeline.jsontext import decode, encode, nested
from pipeline.rows import DEPTH, Row, rows_of

FILMS: list[dict[str, Any]] = [
    {"id": 7, "title": '기생충 \\ "x"', "vote_count": 3, "vote_average": 8.5, "popularity": 1e-7},
    {"id": 2**70, "genre_ids": [1, 2], "nested": {"id": 9, "found_in": 5}},
    {"id": -1, "vote_count": None, "popularity": "much", "vote_average": [1]},
]
INFO = {"source": "tmdb", "late_by_days": 0}


def document(*films: Any, **more: Any) -> dict[str, Any]:
    return {"movies": list(films), "collection_info": INFO, **more}


def as_understood(film: dict[str, Any]) -> Row:
    kept = {key: value for key, value in film.items() if key != "found_in"}
    popularity, average, votes = map(film.get, ("popularity", "vote_average", "vote_count"))
    return Row(film["id"], popularity, average, votes, nested(kept, DEPTH))


@pytest.mark.parametrize("write", [encode, lambda each: json.dumps(each).encode()])
def test_a_film_is_the_text_that_it_would_be_written_as(write: Any) -> None:
    rows, info = rows_of(write(document(*FILMS)))
    assert rows == [as_understood(film) for film in FILMS]
    assert info == INFO


def test_our_own_text_is_taken_as_it_stands() -> None:
    text = encode(document({"id": 1, "vote_average": 7.5})).replace(b"7.5", b"7.50e0")
    (row,), _ = rows_of(text)
    assert b"7.50e0" in row.text
    assert row.vote_average == 7.5


def test_half_a_surrogate_pair_stays_the_escape_that_it_came_as() -> None:
    film = {
        "id": 1, "title": "반쪽 \ud83d", "vote_count": 4, "popularity": 2.5, "vote_average": 7,
    }  # fmt: skip
    (row,), info = rows_of(encode(document(film)))
    assert row == as_understood(film)
    assert rb"\ud83d" in row.text
    assert info == INFO


def test_where_a_film_was_found_before_is_left_out() -> None:
    film = {"id": 1, "found_in": [{"list": "x", "rank": 1}], "title": "y"}
    (row,), _ = rows_of(encode(document(film)))
    assert decode(row.text) == {"id": 1, "title": "y"}


def test_no_films_are_no_rows() -> None:
    assert rows_of(encode(document())) == ([], INFO)


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{", b"[]", b"5", b"{}", b'{"movies": [], "collection_info": {}} x',
        b'{"movies": []}', b'{"collection_info": {}}',
        b'{"movies": 5, "collection_info": {}}', b'{"movies": [5], "collection_info": {}}',
        b'{"movies": [{}], "collection_info": {}}',
        b'{"movies": [{"id": "1"}], "collection_info": {}}',
        b'{"movies": [{"id": true}], "collection_info": {}}',
        b'{"movies": [{"id": 1.0}], "collection_info": {}}',
        b'{"movies": [{"id": 1, "x": NaN}], "collection_info": {}}',
        b'{"movies": [{"id": 1, "x": [1,]}], "collection_info": {}}',
        b'{"movies": [{"id": 1, "x": "\xff"}], "collection_info": {}}',
        b'{"movies": [{"id": 1, "x": "\\q"}], "collection_info": {}}',
        b'{"movies": [{"id": 1, "x": "\\ud800"}, {}], "collection_info": {}}',
    ],
)  # fmt: skip
def test_what_is_no_list_of_films_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        rows_of(text)


def test_a_document_nested_without_end_is_refused() -> None:
    deep = b"[" * 100_000 + b"]" * 100_000
    with pytest.raises((ValueError, RecursionError)):
        rows_of(b'{"movies": [{"id": 1, "x": ' + deep + b'}], "collection_info": {}}')
