"""JSON texts: exact both ways, and refused where they are none."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from pipeline.documents.json_text import decode, encode, pieces

VALUES: list[Any] = [
    None, True, 0, -1, 2**63, 2**64, -(2**63) - 1, 10**30, 0.1, 1e-7, 123456789.123, -0.0,
    "", "영화", "a\tb\"\\/\x7f\u2028", [], {}, [[]], {"a": {}},
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
    "text", ['"\\ud800"', '["x", "a\\udfffb"]', '{"\\ud83d": "\\ud83d\\ude00"}']
)
def test_a_lone_surrogate_is_replaced(text: str) -> None:
    back = decode(text.encode())
    assert decode(encode(back)) == back
    assert "\\ufffd" in json.dumps(back)


def test_a_lone_surrogate_of_ours_is_written_as_a_replacement() -> None:
    assert encode({"title": "x\ud800y"}) == '{\n  "title": "x\ufffdy"\n}'.encode()


def test_what_is_no_utf8_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(b'"\xff"')


def test_a_text_nested_too_deeply_is_refused() -> None:
    with pytest.raises(ValueError, match="nested too deeply"):
        decode(b"[" * 100_000 + b"]" * 100_000)


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
    {"title": "반쪽", "x": ["y", {"a\n": "\n"}, 10**30]},
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
