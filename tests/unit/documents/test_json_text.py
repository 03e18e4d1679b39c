"""JSON texts: exact both ways, and refused where they are none."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pipeline.documents.json_text import decode, encode, pieces

VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**64, -(2**63) - 1, 10**30, 0.1, 1e-7, 123456789.123, -0.0,
    "", "영화", "a\tb\"\\/\x7f\u2028", "\ud800", "x\udfffy", [], {}, [[]], {"a": {}},
    {"id": 1, "films": [{"제목": "기생충", "votes": 10**25}, {}]},
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=map(str, range(len(VALUES))))
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    back = decode(encode(value))
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize("value", VALUES, ids=map(str, range(len(VALUES))))
def test_a_text_is_read_as_the_standard_library_reads_it(value: Any) -> None:
    text = json.dumps(value).encode()
    assert decode(text) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[1,]", "{} x", "NaN", "[Infinity]", "-Infinity", "1e400", "'a'", '"a\tb"', "\x00"],
)
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(text.encode())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"[NaN]", "NaN is not JSON"),
        (b"-Infinity", "-Infinity is not JSON"),
        (b"1e400", "1e400 is too large"),
        (b"1" * 400 + b".5", "1" * 20 + " is too large"),
    ],
)
def test_what_is_no_number_is_told_as_such(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=f"^{why}$"):
        decode(text)


def test_what_is_no_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(b'"\xff"')


@pytest.mark.parametrize("levels", [65, 950, 100_000])
def test_a_text_nested_too_deeply_is_refused(levels: int) -> None:
    """However deep the program itself is: at 950 levels that decided who could read it."""
    with pytest.raises(ValueError, match="nested more than 64 levels deep"):
        decode(b"[" * levels + b"]" * levels)


def test_a_text_of_64_levels_is_read_and_written() -> None:
    text = b'{"a":' * 64 + b"1" + b"}" * 64
    assert decode(encode(decode(text))) == decode(text)


def test_it_is_indented_and_not_escaped() -> None:
    assert encode({"제목": ["기생충"], "rest": []}).decode() == (
        '{\n  "제목": [\n    "기생충"\n  ],\n  "rest": []\n}'
    )


DOCUMENTS: list[dict[str, Any]] = [
    {},
    {"movies": [], "info": {}},
    {
        "movies": [{"id": 1, "title": "줄\n둘", "genre_ids": [1, 2]}, {}, [[]], 5],
        "info": {"of": {"x": []}},
    },
    {"title": "반쪽 \ud83d", "\udfff": ["\ud83d", {"a\n": "\n"}, 10**30]},
]


@pytest.mark.parametrize("document", DOCUMENTS, ids=map(str, range(len(DOCUMENTS))))
def test_a_document_in_pieces_is_the_document(document: dict[str, Any]) -> None:
    assert b"".join(pieces(document)) == encode(document)


def test_a_document_comes_in_pieces_no_larger_than_a_row() -> None:
    rows = [{"id": number, "title": "x" * 100} for number in range(1000)]
    assert max(map(len, pieces({"movies": rows}))) < 200


def test_floats_are_exact() -> None:
    chance = random.Random(5)
    numbers = [chance.uniform(-1, 1) * 10 ** chance.randint(-300, 300) for _ in range(2000)]
    assert decode(encode(numbers)) == numbers
