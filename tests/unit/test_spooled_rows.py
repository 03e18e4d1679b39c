"""Rows that may not fit into memory: each comes back, whenever it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline import storage
from pipeline.errors import StorageError

LARGE = b"x" * 300_000


def test_each_row_comes_back_by_its_number(data_dir: Path) -> None:
    with storage.spooled_rows(data_dir / "a" / "x.json") as rows:
        assert len(rows) == 0
        for row in (b"one", b"", LARGE, b"four"):
            rows.append(row)
        assert [rows[number] for number in (3, 0, 2, 1)] == [b"four", b"one", LARGE, b""]
        assert len(rows) == 4


def test_a_row_of_one_byte_is_there_at_once(data_dir: Path) -> None:
    with storage.spooled_rows(data_dir / "x.json") as rows:
        rows.append(b"a")
        assert rows[0] == b"a"


def test_what_is_appended_after_a_look_is_seen_as_well(data_dir: Path) -> None:
    with storage.spooled_rows(data_dir / "x.json") as rows:
        for number in range(5):
            rows.append(str(number).encode() * 3)
            assert rows[number] == str(number).encode() * 3


def test_it_leaves_nothing_behind(data_dir: Path) -> None:
    with storage.spooled_rows(data_dir / "x.json") as rows:
        rows.append(LARGE)
        assert list(data_dir.iterdir()) == []
    assert list(data_dir.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(data_dir: Path) -> None:
    data_dir.write_text("a file in the way")
    with (
        pytest.raises(StorageError, match="run the same command again"),
        storage.spooled_rows(data_dir / "x.json"),
    ):
        raise AssertionError


def test_pieces_make_one_document(data_dir: Path) -> None:
    path = data_dir / "a" / "x.json"
    storage.publish_pieces(path, iter([b'{"a": ', b"1}"]))
    assert storage.read(path) == {"a": 1}
    storage.publish_pieces(path, [b'{"a": 2}'])
    assert storage.read(path) == {"a": 1}, "what was read once does not change afterwards"


def test_pieces_that_cannot_be_made_leave_no_document(data_dir: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b'{"a": '
        raise ValueError("no more")

    with pytest.raises(ValueError, match="no more"):
        storage.publish_pieces(data_dir / "x.json", broken())
    assert list(data_dir.iterdir()) == []
