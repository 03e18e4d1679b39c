"""What storage promises, on a disk and in a bucket alike."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from support.stored_documents import DOCUMENT, INFO

from pipeline.errors import DocumentUnreadable
from pipeline.storage import documents
from pipeline.storage.documents import storage_of


def test_a_document_reads_back_as_it_was_published(root: Path) -> None:
    path = root / "raw/movies/daily/popular_20240107.json"
    assert not documents.exists(path)
    documents.publish(path, DOCUMENT)
    assert documents.exists(path)
    assert documents.read(path) == documents.read_collection(path) == DOCUMENT
    assert documents.read_info(path) == INFO


def test_the_first_publisher_wins(root: Path) -> None:
    path = root / "a.json"
    for number in (1, 2):
        documents.publish(path, {"number": number})
    assert documents.read(path) == {"number": 1}


def test_a_replacement_replaces(root: Path) -> None:
    path = root / "reports/index.html"
    for text in ("a longer first text", "second"):
        documents.replace(path, text)
    assert storage_of(path).read(path) == b"second"


@pytest.mark.parametrize("size", [0, 1, 8_192, 9 << 20])
def test_each_size_comes_back_whole_and_its_end_alone(root: Path, size: int) -> None:
    path, content = root / "x", bytes(range(256)) * (size // 256 + 1)
    storage_of(path).publish(path, [content[:size]])
    assert storage_of(path).read(path) == content[:size]
    assert storage_of(path).read_end(path, 100) == content[:size][-100:]


def test_a_folder_lists_its_own_documents(root: Path) -> None:
    for name in ("b.json", "a.json", "below/c.json"):
        documents.publish(root / "folder" / name, {})
    assert sorted(set(storage_of(root).list(root / "folder")) - {"below"}) == ["a.json", "b.json"]
    assert storage_of(root).list(root / "no folder") == []


def test_more_names_than_one_answer_holds_are_listed(bucket: Path) -> None:
    for number in range(1_005):
        storage_of(bucket).publish(bucket / f"many/{number:04}", [b""])
    assert len(storage_of(bucket).list(bucket / "many")) == 1_005


def test_what_is_removed_is_gone_and_may_be_removed_again(root: Path) -> None:
    path = root / "a.json"
    documents.publish(path, {})
    for _ in range(2):
        storage_of(path).remove(path)
        assert not documents.exists(path)


def test_a_document_that_is_set_aside_can_be_made_again(root: Path) -> None:
    path, aside = root / "raw/a.json", root / "rejected/a_1.json"
    documents.publish(path, {"number": 1})
    for _ in range(2):  # what is gone already is no error
        documents.set_aside(path, aside)
    documents.publish(path, {"number": 2})
    assert documents.read(aside) == {"number": 1}
    assert documents.read(path) == {"number": 2}


def test_a_document_that_is_missing_or_damaged_is_one_sentence(root: Path) -> None:
    missing, damaged = root / "missing.json", root / "damaged.json"
    storage_of(damaged).publish(damaged, [b'{"cut": '])
    for path, why in ((missing, "Cannot read"), (damaged, "is damaged")):
        with pytest.raises(DocumentUnreadable, match=why) as caught:
            documents.read(path)
        assert str(path) in str(caught.value)
        assert "\n" not in str(caught.value)
        assert documents.read_info(path) is None


def test_of_eight_publishers_at_once_one_wins_and_all_succeed(root: Path) -> None:
    for round_number in range(5):
        path, faults = root / f"{round_number}.json", list[Exception]()
        barrier = threading.Barrier(8)

        def publish(
            number: int,
            path: Path = path,
            barrier: threading.Barrier = barrier,
            faults: list[Exception] = faults,
        ) -> None:
            try:
                barrier.wait(10)
                documents.publish(path, {"number": number, "text": str(number) * 100_000})
            except Exception as error:
                faults.append(error)

        threads = [threading.Thread(target=publish, args=[number]) for number in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join(60)
        assert not faults
        document = documents.read(path)
        assert document["text"] == str(document["number"]) * 100_000
