"""Documents on disk: whole or not at all, and a clear word where one is damaged."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import time_machine
from support.stored_documents import DOCUMENT, INFO, an_hour_later, names

from pipeline import clock
from pipeline.documents import json_text
from pipeline.errors import DocumentUnreadable, StorageError
from pipeline.storage import documents, local

# What is written


def test_a_document_reads_back_as_it_was_published(data_dir: Path) -> None:
    path = data_dir / "raw/movies/daily/popular.json"
    documents.publish(path, DOCUMENT)
    assert documents.read(path) == documents.read_collection(path) == DOCUMENT
    assert names(path.parent) == ["popular.json"]


def test_a_file_is_readable_korean_indented_and_ends_with_its_line(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"title": "기생충 🎬", "rating": 8.0, "votes": 17000, "poster": None})
    assert (
        path.read_bytes()
        == (
            '{\n  "title": "기생충 🎬",\n  "rating": 8.0,\n  "votes": 17000,\n  "poster": null\n}\n'
        ).encode()
    )


def test_what_is_read_is_written_back_byte_for_byte(data_dir: Path) -> None:
    document = {"z": 1, "a": ['"', "\\", "\n", "\u2028", "\x00", "é", 0.1, 1e300, -0.0, True, {}]}
    documents.publish(data_dir / "a.json", document)
    documents.publish(data_dir / "b.json", documents.read(data_dir / "a.json"))
    assert (data_dir / "a.json").read_bytes() == (data_dir / "b.json").read_bytes()
    assert list(documents.read(data_dir / "a.json")) == ["z", "a"]


def test_a_lone_surrogate_is_replaced(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"title": "반쪽 \ud83d and \\ud83d"})
    assert documents.read(path) == {"title": "반쪽 \ufffd and \\ud83d"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_json_number_is_written_as_none(data_dir: Path, number: float) -> None:
    documents.publish(data_dir / "x.json", {"popularity": number})
    assert documents.read(data_dir / "x.json") == {"popularity": None}


def test_a_file_with_what_is_no_json_number_is_damaged(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "x.json").write_text('{"popularity": NaN}')
    with pytest.raises(DocumentUnreadable, match="not JSON"):
        documents.read(data_dir / "x.json")


def test_anybody_may_read_what_is_published(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, DOCUMENT)
    assert path.stat().st_mode & 0o400


# Writing that fails


def test_a_file_where_the_folder_should_be_is_reported_and_kept(data_dir: Path) -> None:
    data_dir.write_text("mine", encoding="utf-8")
    path = data_dir / "raw/x.json"
    with pytest.raises(StorageError) as caught:
        documents.publish(path, DOCUMENT)
    assert str(caught.value).startswith(f"Cannot write {path}: ")
    assert data_dir.read_text(encoding="utf-8") == "mine"


def test_sweeping_removes_what_a_crash_left_and_nothing_else(data_dir: Path) -> None:
    data_dir.mkdir()
    left = [data_dir / name for name in (".x.json.0.tmp", ".y.json.00ab42ff.tmp")]
    kept = [".notes.tmp", "notes.0.tmp", "x.json"]
    for path in (*left, *(data_dir / name for name in kept)):
        path.touch()
        an_hour_later(path)
    unusable = data_dir / ("x" * 300)
    assert sorted(local.sweep([data_dir / "nowhere", unusable, data_dir])) == left
    assert names(data_dir) == kept


@pytest.mark.parametrize(("age", "is_removed"), [(3600, False), (3601, True)])
@time_machine.travel("2024-01-07T02:00:00+00:00", tick=False)
def test_a_temporary_is_removed_when_it_is_older_than_an_hour(
    age: int, is_removed: bool, data_dir: Path
) -> None:
    data_dir.mkdir()
    temporary = data_dir / ".x.json.0.tmp"
    temporary.touch()
    os.utime(temporary, (1, clock.now().timestamp() - age))
    assert local.sweep([data_dir]) == [temporary] * is_removed


# Two runs at once


def test_a_second_run_does_not_replace_what_is_published(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"by": "the first"})
    before = path.stat()
    documents.publish(path, {"by": "the second"})
    assert documents.read(path) == {"by": "the first"}
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert names(data_dir) == ["x.json"]


# Damaged files

Reader = Callable[[Path], dict[str, Any]]
WHOLE = json_text.encode(DOCUMENT) + b"\n"
NO_DOCUMENTS = {
    "cut": WHOLE[:40],
    "cut in the middle of a letter": WHOLE[: WHOLE.index("기".encode()) + 1],
    "empty": b"",
    "blank": b"\n",
    "twice": WHOLE * 2,
    "a list": b"[]",
    "null": b"null",
    "text": b'"x"',
    "binary": b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe",
    "zeros": bytes(4096),
    "deeply nested": b"[" * 100_000,
    "deeply nested objects": b'{"movies":' * 100_000,
    "another encoding": '{"title": "기생충"}'.encode("cp949"),
}
NO_COLLECTIONS: dict[str, dict[str, Any]] = {
    "without movies": {"collection_info": {}},
    "movies null": {"movies": None, "collection_info": {}},
    "movies an object": {"movies": {"1": {}}, "collection_info": {}},
    "a movie without id": {"movies": [{"id": 1}, {"title": "x"}], "collection_info": {}},
    "a movie with a text as id": {"movies": [{"id": "1"}], "collection_info": {}},
    "a movie with true as id": {"movies": [{"id": True}], "collection_info": {}},
    "a movie that is none": {"movies": [None], "collection_info": {}},
    "without collection_info": {"movies": []},
    "collection_info a list": {"movies": [], "collection_info": []},
    "without its count": {"movies": [], "collection_info": {**INFO, "total_collected": None}},
    "with a text as its lateness": {"movies": [], "collection_info": {**INFO, "late_by_days": "0"}},
    "with nonsense as its instant": {
        "movies": [],
        "collection_info": {**INFO, "collected_at": "yesterday"},
    },
    "without its instant": {
        "movies": [],
        "collection_info": {key: INFO[key] for key in INFO if key != "collected_at"},
    },
}


def assert_says_how_to_redo(reader: Reader, path: Path) -> None:
    with pytest.raises(DocumentUnreadable) as caught:
        reader(path)
    sentence = str(caught.value)
    assert sentence.startswith(f"{path} is damaged: ")
    assert sentence.endswith(
        "; delete that file and run the same command again to have it made anew."
    )
    assert len(sentence) - len(str(path)) < 250


@pytest.mark.parametrize("reader", [documents.read, documents.read_collection])
@pytest.mark.parametrize("content", NO_DOCUMENTS.values(), ids=NO_DOCUMENTS.keys())
def test_a_damaged_file_is_named_and_how_to_redo_it(
    data_dir: Path, reader: Reader, content: bytes
) -> None:
    data_dir.mkdir()
    path = data_dir / "x.json"
    path.write_bytes(content)
    assert_says_how_to_redo(reader, path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("document", NO_COLLECTIONS.values(), ids=NO_COLLECTIONS.keys())
def test_a_file_that_holds_no_films_is_named_and_how_to_redo_it(
    data_dir: Path, document: dict[str, Any]
) -> None:
    path = data_dir / "x.json"
    documents.publish(path, document)
    assert documents.read(path) == document
    assert_says_how_to_redo(documents.read_collection, path)


def test_a_row_that_is_none_is_named_with_what_is_expected(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"movies": [{"id": 1}, {"id": "2"}], "collection_info": INFO})
    with pytest.raises(DocumentUnreadable) as caught:
        documents.read_collection(path)
    assert str(caught.value) == (
        f"{path} is damaged: expected `int`, got `str` - at `$.movies[1].id`; delete that file and "
        "run the same command again to have it made anew."
    )


def test_a_document_may_be_larger_than_any_other_text(data_dir: Path) -> None:
    """A list of 10,000 films has some 15 MB."""
    path = data_dir / "x.json"
    large = {"movies": ["x" * 1000] * ((4 << 20) // 1000 + 1)}
    documents.publish(path, large)
    assert path.stat().st_size > 4 << 20
    assert documents.read(path) == large


def test_a_list_may_be_empty(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"movies": [], "collection_info": INFO})
    assert documents.read_collection(path) == {"movies": [], "collection_info": INFO}


@pytest.mark.parametrize("reader", [documents.read, documents.read_collection])
def test_a_file_that_is_gone_is_named(data_dir: Path, reader: Reader) -> None:
    with pytest.raises(DocumentUnreadable, match=r"Cannot read .*x\.json: No such file"):
        reader(data_dir / "x.json")


def test_a_file_that_is_gone_says_how_to_redo_it(data_dir: Path) -> None:
    with pytest.raises(DocumentUnreadable, match="run the same command again"):
        documents.read(data_dir / "x.json")


def test_whether_a_document_is_there(data_dir: Path) -> None:
    documents.publish(data_dir / "x.json", DOCUMENT)
    assert documents.exists(data_dir / "x.json")
    assert not documents.exists(data_dir / "y.json")
    assert not documents.exists(data_dir / "nowhere" / "x.json")


@pytest.mark.parametrize("look", [documents.exists, documents.names_in])
def test_what_cannot_be_looked_for_is_reported_in_a_sentence(
    look: Callable[[Path], object], data_dir: Path
) -> None:
    """As a folder that may not be looked into, but so that root meets it too."""
    data_dir.mkdir()
    path = data_dir / ("x" * 300)
    with pytest.raises(DocumentUnreadable) as caught:
        look(path)
    assert str(caught.value) == (
        f"Cannot read {path}: File name too long. Free or fix that disk or folder and run the same "
        "command again; what is finished is kept."
    )


REPORT = {
    "validation_rate": 100.0,
    "overall_quality_score": 95,
    "total_movies_validated": 120,
    "common_issues": [],
    "late_by_days": 0,
    "source": "tmdb",
    "verdict": "pass",
    "checks": [],
}


def test_a_report_is_read_back(data_dir: Path) -> None:
    documents.publish(data_dir / "x.json", REPORT)
    assert documents.read_report(data_dir / "x.json") == REPORT


@pytest.mark.parametrize("key", REPORT)
@pytest.mark.parametrize("value", [None, {}])
def test_a_report_without_a_figure_is_damaged(data_dir: Path, key: str, value: object) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {**REPORT, key: value})
    assert_says_how_to_redo(documents.read_report, path)


# --- Pages, and what is set aside -------------------------------------------------------------


def test_a_page_is_published_whole_and_replaced_by_a_later_one(data_dir: Path) -> None:
    path = data_dir / "daily" / "page.html"
    documents.replace(path, "<p>영화 \ud83c</p>")
    assert path.read_text(encoding="utf-8") == "<p>영화 \\ud83c</p>"
    documents.replace(path, "<p>another</p>")
    assert path.read_text(encoding="utf-8") == "<p>another</p>"


def test_a_page_that_could_not_be_written_leaves_the_old_one(data_dir: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"<p>"
        raise ValueError("no more")

    path = data_dir / "page.html"
    documents.replace(path, "<p>one</p>")
    with pytest.raises(ValueError, match="no more"):
        documents.storage_of(path).replace(path, broken())
    assert path.read_text(encoding="utf-8") == "<p>one</p>"
    assert names(data_dir) == ["page.html"]


def test_one_process_at_a_time_is_within_a_block_that_is_exclusive(data_dir: Path) -> None:
    path = data_dir / "index.html"
    order: list[str] = []

    def other() -> None:
        with local.exclusive(data_dir, path):
            order.append("other")

    thread = threading.Thread(target=other)
    with local.exclusive(data_dir, path):
        thread.start()
        thread.join(0.2)
        order.append("first")
    thread.join(5)
    assert order == ["first", "other"]
    assert names(data_dir) == []


def test_names_of_a_folder_are_those_of_its_documents(data_dir: Path) -> None:
    assert list(documents.names_in(data_dir)) == []
    documents.publish(data_dir / "x.json", DOCUMENT)
    (data_dir / ".x.json.0.tmp").touch()
    assert list(documents.names_in(data_dir)) == ["x.json"]
    assert list(documents.names_in(data_dir / "x.json")) == []


def test_what_is_set_aside_is_gone_from_its_place_and_whole_elsewhere(data_dir: Path) -> None:
    path, kept = data_dir / "x.json", data_dir / "rejected" / "x.json"
    documents.publish(path, {"a": 1})
    documents.set_aside(path, kept)
    assert not path.exists()
    assert documents.read(kept) == {"a": 1}
    documents.set_aside(path, kept)
    assert documents.read(kept) == {"a": 1}


def test_what_cannot_be_set_aside_is_reported_in_a_sentence(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, {"a": 1})
    (data_dir / "rejected").write_text("a file in the way")
    with pytest.raises(StorageError, match="Cannot write"):
        documents.set_aside(path, data_dir / "rejected" / "x.json")
    assert path.exists()


def test_a_document_that_is_gone_is_removed_already_and_a_folder_is_no_document(
    data_dir: Path,
) -> None:
    documents.storage_of(data_dir).remove(data_dir / "x.json")
    data_dir.mkdir()
    with pytest.raises(StorageError) as caught:
        documents.storage_of(data_dir).remove(data_dir)
    assert str(caught.value) == (
        f"Cannot write {data_dir}: Is a directory. Free or fix that disk or folder and run the "
        "same command again; what is finished is kept."
    )


# What a list says of itself


@pytest.mark.parametrize(
    ("content", "known"),
    [
        (b'{"movies": [], "collection_info": {"source": "tmdb"}}', {"source": "tmdb"}),
        (b'{"collection_info":{"source":"tmdb"},"movies":[]}', {"source": "tmdb"}),
        (b'{"movies": [], "collection_info": []}', None),
        (b'{"movies": []}', None),
        (b"[]", None),
        (b"{", None),
        (b"", None),
    ],
)
def test_the_facts_of_a_list_are_read_however_it_is_written(
    data_dir: Path, content: bytes, known: dict[str, Any] | None
) -> None:
    data_dir.mkdir()
    path = data_dir / "x.json"
    assert documents.read_info(path) is None
    path.write_bytes(content)
    assert documents.read_info(path) == known


def test_the_facts_of_a_list_are_read_from_its_end_alone(data_dir: Path) -> None:
    path = data_dir / "x.json"
    documents.publish(path, DOCUMENT)
    path.write_bytes(b"damaged" * 10_000 + path.read_bytes())
    assert documents.read_info(path) == INFO


# Beside other runs, and before a power failure


@pytest.mark.parametrize("is_there", [False, True], ids=["new", "replaced"])
def test_a_document_and_then_its_name_are_flushed_to_the_disk(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool
) -> None:
    path = data_dir / "x.html"
    if is_there:
        documents.replace(path, "old")
    flushed: list[tuple[bool, bool]] = []

    def fsync(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        flushed.append((is_folder, path.exists() and "new" in path.read_text("utf-8")))

    monkeypatch.setattr(os, "fsync", fsync)
    if is_there:
        documents.replace(path, "new")
    else:
        documents.publish(path, {"text": "new"})
    assert flushed == [(False, False), (True, True)]


def test_a_document_is_written_beside_the_temporary_of_another_run(data_dir: Path) -> None:
    data_dir.mkdir()
    other = data_dir / ".x.json.0.tmp"
    other.touch()
    documents.publish(data_dir / "x.json", DOCUMENT)
    assert names(data_dir) == [".x.json.0.tmp", "x.json"]
    assert local.sweep([data_dir]) == [], "it may have a writer"
