"""Files in the place of ours that are none, or of a size that nobody meant."""

from __future__ import annotations

import datetime
import errno
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline import settings
from pipeline.errors import DocumentUnreadable, SettingsError, StorageError
from pipeline.ops.history.events import Event
from pipeline.ops.history.spool import Spool
from pipeline.storage import documents, local

GIGABYTE = 1 << 30


def sparse(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(GIGABYTE)


ODD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a gigabyte": (sparse, "File too large"),
    "a pipe": (os.mkfifo, "Not a regular file"),
    "a folder": (Path.mkdir, "Not a regular file"),
    "a device": (lambda path: path.symlink_to("/dev/zero"), "Not a regular file"),
    "a loop": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
}


@pytest.mark.parametrize(("make", "why"), ODD.values(), ids=ODD)
def test_what_is_no_document_is_reported_at_once(
    make: Callable[[Path], None], why: str, tmp_path: Path
) -> None:
    make(tmp_path / "list.json")
    with pytest.raises(DocumentUnreadable, match=why):
        documents.read_collection(tmp_path / "list.json")


def test_a_document_of_more_than_256_mebibytes_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "week.json"
    with path.open("wb") as stream:
        stream.truncate((256 << 20) + 1)
    with pytest.raises(DocumentUnreadable, match="File too large"):
        documents.read(path)


@pytest.mark.parametrize(("make", "why"), ODD.values(), ids=ODD)
def test_what_is_no_file_of_settings_is_reported_at_once(
    make: Callable[[Path], None], why: str
) -> None:
    make(Path.cwd() / ".env")
    with pytest.raises(SettingsError, match=why):
        settings.current()


def test_the_plan_is_bounded_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sparse(tmp_path / "collection.toml")
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match=r"collection\.toml cannot be read: File too large"):
        settings.current().plan()


def test_a_plan_nested_too_deeply_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "collection.toml").write_text("a = " + "[" * 100_000)
    monkeypatch.setenv("PIPELINE_CONFIG_DIR", str(tmp_path))
    with pytest.raises(SettingsError, match="cannot be read: maximum recursion depth exceeded"):
        settings.current().plan()


def test_the_end_of_a_file_is_read_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    sparse(path)
    with path.open("ab") as stream:
        stream.write(b"the last line\n")
    assert local.read_end(path, 14) == b"the last line\n"
    path.write_bytes(b"short\n")
    assert local.read_end(path, 14) == b"short\n"
    with pytest.raises(OSError, match="Not a regular file"):
        local.read_end(Path("/dev/zero"), 14)


Reader = Callable[[Path, int], bytes]


@pytest.mark.parametrize("reader", [local.read, local.read_end])
def test_what_is_no_file_is_reported_with_its_name_and_waits_for_nobody(
    reader: Reader, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r".") as caught:
        reader(tmp_path / "pipe", 10)
    reported = (caught.value.errno, caught.value.strerror, caught.value.filename)
    assert reported == (errno.EINVAL, "Not a regular file", str(tmp_path / "pipe"))


def test_a_file_may_have_as_many_bytes_as_are_asked_for_and_no_more(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert local.read(path, 5) == b"12345"
    with pytest.raises(OSError, match=r".") as caught:
        local.read(path, 4)
    reported = (caught.value.errno, caught.value.strerror, caught.value.filename)
    assert reported == (errno.EFBIG, "File too large", str(path))


@pytest.mark.parametrize("reader", [local.read, local.read_end])
def test_no_process_that_is_started_inherits_the_file(
    reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(b"1")
    flags: list[int] = []
    real = os.open

    def opened(path: Path, how: int) -> int:
        flags.append(how)
        return real(path, how)

    monkeypatch.setattr("os.open", opened)
    reader(tmp_path / "x", 10)
    assert flags == [os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC]


def test_a_line_of_the_spool_without_end_costs_no_memory_and_no_event(tmp_path: Path) -> None:
    path = tmp_path / "spool.jsonl"
    with path.open("wb") as stream:
        stream.truncate(16 << 20)
    event = Event("T_1", "T", {}, None, "DONE", datetime.datetime(2024, 1, 7, tzinfo=datetime.UTC))
    tracemalloc.start()
    try:
        Spool(path).append([event])
        spool = Spool(path)
        batches = spool.batches(spool.waiting + 1)
        found = next(batches)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == [event]
    assert list(batches) == []
    assert not path.exists()
    assert peak < 32 << 20


SPOOLED = Event("T_1", "T", {}, None, "DONE", datetime.datetime(2024, 1, 7, tzinfo=datetime.UTC))


def test_events_that_a_full_disk_does_not_take_leave_nothing_in_the_spool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    path = tmp_path / "spool.jsonl"
    spool = Spool(path)
    spool.append([SPOOLED])
    before = path.read_bytes()
    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(StorageError, match="No space left on device"):
        spool.append([SPOOLED])
    assert path.read_bytes() == before
    assert spool.waiting == 1


def test_the_spool_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.ops.history.spool.MAX_BYTES", 200)
    spool = Spool(tmp_path / "spool.jsonl")
    spool.append([SPOOLED])
    with pytest.raises(StorageError, match="greatest size"):
        spool.append([SPOOLED])
    assert spool.waiting == 1
