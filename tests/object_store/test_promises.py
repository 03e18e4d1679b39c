"""What storage promises, on a disk and in a bucket alike."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.object_store import BUCKET, Proxy
from support.stored_documents import DOCUMENT, INFO

from pipeline.errors import DocumentUnreadable
from pipeline.storage import documents
from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath


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


def test_more_names_than_one_answer_holds_are_listed(bucket: Path, proxy: Proxy) -> None:
    names = [f"{number:04}" for number in range(2_500)]
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(lambda name: storage_of(bucket).publish(bucket / "many" / name, [b""]), names)
        )
    proxy.requests.clear()
    assert storage_of(bucket).list(bucket / "many") == names
    assert len(proxy.requests) == 3


@pytest.mark.parametrize(
    "name", ["a b.json", "인기 영화.json", "a+b.json", "100%41.json", "ä&?#.json"]
)
def test_any_name_reads_back_and_is_listed_as_it_was_written(root: Path, name: str) -> None:
    path = root / "folder of names" / name
    storage_of(path).publish(path, [name.encode()])
    assert storage_of(path).read(path) == name.encode()
    assert storage_of(path).list(path.parent) == [name]
    storage_of(path).remove(path)
    assert not storage_of(path).exists(path)


@pytest.mark.parametrize("address", [f"s3://{BUCKET}", f"s3://{BUCKET}/", f"s3://{BUCKET}/a/b/"])
def test_a_data_root_is_a_bucket_or_a_prefix_of_one(proxy: Proxy, address: str) -> None:
    root = ObjectPath(address)
    folder = root / f"root-of-{len(address)}"
    documents.publish(folder / "a.json", {"at": address})
    assert documents.read(folder / "a.json") == {"at": address}
    assert storage_of(root).list(folder) == ["a.json"]
    assert folder.name not in storage_of(root).list(root), "a folder is no document"
    documents.publish(root / "root.json", {})
    assert "root.json" in storage_of(root).list(root)


def test_a_document_that_was_removed_is_not_listed_for_seconds(root: Path) -> None:
    path = root / "a.json"
    documents.publish(path, {})
    assert documents.is_listed(path)
    storage_of(path).remove(path)
    assert not documents.is_listed(path)


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
