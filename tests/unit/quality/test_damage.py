"""What is reported of a document that cannot be used; and that no other is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import DocumentUnreadable, StorageError
from pipeline.storage import documents

INFO = {
    "total_collected": 1,
    "collected_at": "2024-01-06T17:00:05+00:00",
    "late_by_days": 0,
    "source": "tmdb",
}
FILM = {"id": 1, "title": "영화"}

Reader = Callable[[Path], object]


def stored(path: Path, movies: Any, info: Any) -> Path:
    documents.publish(path, {"movies": movies, "collection_info": info})
    return path


def reported(reader: Reader, path: Path) -> str:
    """What the reader says is wrong, between the file's name and how to redo it."""
    with pytest.raises(DocumentUnreadable) as caught:
        reader(path)
    _, damaged, what = str(caught.value).partition(f"{path} is damaged: ")
    why, redo, _ = what.partition("; delete that file and run the same command again to have it")
    assert damaged
    assert redo
    return why


@pytest.mark.parametrize(
    ("info", "why"),
    [
        (None, "collection_info"),
        ({**INFO, "total_collected": True}, "collection_info.total_collected"),
        ({**INFO, "source": 5}, "collection_info.source"),
        ({**INFO, "collected_at": "yesterday"}, "collection_info.collected_at"),
        ({**INFO, "collected_at": "2024-01-07T02:00:00"}, "collection_info.collected_at"),
    ],
)
def test_a_list_is_reported_by_what_it_lacks(data_dir: Path, info: Any, why: str) -> None:
    assert f"`$.{why}`" in reported(
        documents.read_collection, stored(data_dir / "x.json", [FILM], info)
    )


def test_films_without_ids_are_reported_as_such(data_dir: Path) -> None:
    path = stored(data_dir / "x.json", [{"id": "1"}], INFO)
    assert "`$.movies[0].id`" in reported(documents.read_collection, path)


def test_what_is_no_document_at_all_is_reported_as_such(data_dir: Path) -> None:
    path = stored(data_dir / "x.json", [], INFO)
    path.write_bytes(b"[]")
    assert reported(documents.read, path) == "it holds no JSON object"
    path.write_bytes(b"{")
    assert reported(documents.read, path).startswith("Expecting property name")
    path.write_bytes(b"[" * 100_000 + b"]" * 100_000)
    assert reported(documents.read, path) == "it is nested too deeply"


def test_a_report_is_reported_by_what_it_lacks(data_dir: Path) -> None:
    documents.publish(data_dir / "x.json", {"validation_rate": 1.0})
    assert "`overall_quality_score`" in reported(documents.read_report, data_dir / "x.json")


def test_what_cannot_be_set_aside_says_what_to_do(data_dir: Path) -> None:
    path, kept = data_dir / "x.json", data_dir / "a" / "b" / "x.json"
    documents.publish(path, FILM)
    (data_dir / "a").write_text("a file in the way")
    with pytest.raises(StorageError) as caught:
        documents.set_aside(path, kept)
    assert str(caught.value) == (
        f"Cannot write {kept}: Not a directory. Free or fix that disk or folder and run the same "
        "command again; what is finished is kept."
    )
    assert path.exists()


def test_what_is_set_aside_finds_its_folders_made(data_dir: Path) -> None:
    path, kept = data_dir / "x.json", data_dir / "a" / "b" / "x.json"
    documents.publish(path, FILM)
    documents.set_aside(path, kept)
    assert documents.read(kept) == FILM
