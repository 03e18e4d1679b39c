"""File systems that lack flushing, locks or hard links: one warning of the run, and no failure."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

import pytest
from support.stored_documents import leftovers

from pipeline import storage
from pipeline.errors import StorageError
from pipeline.storage import documents, filesystem


def refuse(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int) -> None:
    def refusing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(owner, name, refusing)


@pytest.mark.parametrize("links", [True, False])
def test_the_first_to_publish_wins_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, links: bool
) -> None:
    refuse(monkeypatch, fcntl, "flock", errno.ENOLCK)
    if not links:
        refuse(monkeypatch, os, "link", errno.ENOSYS)
    path = tmp_path / "a.json"
    for number in (1, 2):
        documents.publish(path, {"number": number})
    assert documents.read(path) == {"number": 1}
    assert leftovers(tmp_path) == []


def test_one_that_publishes_between_the_look_and_the_name_wins_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without locks nobody can be kept out between a look and a rename; a link needs no look."""
    refuse(monkeypatch, fcntl, "flock", errno.EINVAL)
    path = tmp_path / "a.json"
    link = os.link

    def late(source: Path, target: Path) -> None:
        path.write_text('{"number": 1}', encoding="utf-8")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    documents.publish(path, {"number": 2})
    assert documents.read(path) == {"number": 1}
    assert leftovers(tmp_path) == []


def test_a_temporary_of_a_writer_at_work_is_left_alone_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, fcntl, "flock", errno.ENOLCK)
    young, old = (tmp_path / f".a.json.{number}.tmp" for number in range(2))
    for temporary in (young, old):
        temporary.touch()
    os.utime(old, (1, 1))
    assert storage.sweep([tmp_path]) == [old]
    assert young.exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_fails_is_still_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with pytest.raises(StorageError):
        documents.publish(tmp_path / "a.json", {})
    assert not (tmp_path / "a.json").exists()


@pytest.fixture
def nothing_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has warned of no missing guarantee yet."""
    monkeypatch.setattr(filesystem, "_warned", bytearray(3))


@pytest.mark.usefixtures("nothing_warned_of")
@pytest.mark.parametrize(
    ("owner", "name", "number", "words"),
    [
        (os, "fsync", errno.EINVAL, "cannot flush to the disk: what was written last may be miss"),
        (fcntl, "flock", errno.ENOLCK, "has no locks: do not start two runs for the same data at"),
        (os, "link", errno.EPERM, "has no hard links: run the pipeline for this data on one"),
    ],
    ids=["flush", "lock", "link"],
)
def test_a_missing_guarantee_is_one_warning_that_names_the_folder(
    owner: object,
    name: str,
    number: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    refuse(monkeypatch, owner, name, number)
    for each in ("a.json", "b.json"):
        documents.publish(tmp_path / each, {"name": each})
        assert documents.read(tmp_path / each) == {"name": each}
    (warning,) = (each for each in caplog.messages if words in each)
    assert warning.startswith(f"The file system of {tmp_path} {words}")
    assert warning.endswith(f"({os.strerror(number)}). Use another disk if that matters.")
    assert {each.levelname for each in caplog.records} == {"WARNING"}


@pytest.mark.usefixtures("nothing_warned_of")
def test_a_guarantee_of_a_folder_is_warned_of_by_its_own_name(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    refuse(monkeypatch, os, "fsync", errno.EINVAL)
    filesystem.sync(0, tmp_path)
    assert f"The file system of {tmp_path} cannot flush" in caplog.text


@pytest.mark.usefixtures("nothing_warned_of")
def test_what_a_file_system_has_is_said_to_be_there(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    with path.open("w") as file:
        assert filesystem.lock(file.fileno(), path)
        assert filesystem.lock_record(file.fileno(), path)
        filesystem.unlock_record(file.fileno())
    assert filesystem.link(path, other)
    assert path.samefile(other)
    assert caplog.messages == []
