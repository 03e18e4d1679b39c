"""File systems that lack flushing, locks or hard links: no failure."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import threading
from pathlib import Path

import pytest
from support.stored_documents import leftovers

from pipeline.errors import StorageError
from pipeline.storage import documents, local


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


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_fails_is_still_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with pytest.raises(StorageError):
        documents.publish(tmp_path / "a.json", {})
    assert not (tmp_path / "a.json").exists()


@pytest.mark.parametrize(
    ("owner", "name", "number", "warnings"),
    [
        (os, "fsync", errno.EINVAL, 0),
        (fcntl, "flock", errno.ENOLCK, 0),
        (os, "link", errno.EPERM, 1),
    ],
    ids=["flush", "lock", "link"],
)
def test_only_missing_hard_links_are_warned_of_and_that_once(
    owner: object,
    name: str,
    number: int,
    warnings: int,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(local, "_warned", bytearray(1))
    refuse(monkeypatch, owner, name, number)
    for each in ("a.json", "b.json"):
        documents.publish(tmp_path / each, {"name": each})
        assert documents.read(tmp_path / each) == {"name": each}
    with local.exclusive(tmp_path, tmp_path / "c.json"):
        pass
    path = tmp_path / "a.json"
    sentence = f"No hard links for {path}: run the pipeline on one host, or use another disk."
    warning = ("luigi-interface.pipeline", logging.WARNING, sentence)
    assert caplog.record_tuples == warnings * [warning]


def test_a_lock_that_fails_names_the_document_that_is_not_published(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, os, "link", errno.ENOSYS)
    refuse(monkeypatch, fcntl, "flock", errno.EIO)
    path = tmp_path / "a.json"
    with pytest.raises(StorageError) as caught:
        documents.publish(path, {})
    assert str(caught.value) == (
        f"Cannot write {path}: Input/output error. Free or fix that disk or folder and run the "
        "same command again; what is finished is kept."
    )


def test_a_file_system_with_locks_is_said_to_have_them(tmp_path: Path) -> None:
    path = tmp_path / "a"
    with path.open("w") as file:
        assert local.lock(file.fileno())


def test_a_lock_that_is_held_is_refused_at_once_to_one_that_does_not_wait(tmp_path: Path) -> None:
    path = tmp_path / "a"
    outcomes: list[bool | str] = []

    def take(descriptor: int) -> None:
        try:
            outcomes.append(local.lock(descriptor, wait=False))
        except BlockingIOError:
            outcomes.append("refused")

    with path.open("w") as holder, path.open("w") as other:
        local.lock(holder.fileno())
        thread = threading.Thread(target=take, args=[other.fileno()])
        thread.start()
        thread.join(5)
        fcntl.flock(holder.fileno(), fcntl.LOCK_UN)
        thread.join(5)
    assert outcomes == ["refused"]
