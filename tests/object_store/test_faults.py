"""A bucket that is slow, silent, full of errors or forgetful: nothing torn, nothing lost."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from support.object_store import SECRET, Proxy

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError, StorageError
from pipeline.storage import documents, s3_client
from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath

CONTENT = b"0123456789" * 100_000


def methods(proxy: Proxy) -> list[str]:
    return [method for method, _ in proxy.requests]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [("503", 2), ("500", 2), ("409", 2), ("cut upload", 2), ("lost answer", 2), ("slow", 1)],
)
def test_a_write_that_fails_once_is_done_once(
    bucket: Path, proxy: Proxy, fault: str, requests: int
) -> None:
    path = bucket / "a"
    proxy.faults = [("PUT", fault)]
    storage_of(path).publish(path, [CONTENT])
    assert methods(proxy) == ["PUT"] * requests
    assert storage_of(path).read(path) == CONTENT
    storage_of(path).publish(path, [b"another"])  # the first publisher has won
    assert storage_of(path).read(path) == CONTENT


@pytest.mark.parametrize("fault", ["503", "cut download", "slow", "lost answer"])
def test_a_read_that_fails_once_is_done(bucket: Path, proxy: Proxy, fault: str) -> None:
    path = bucket / "a"
    storage_of(path).publish(path, [CONTENT])
    proxy.faults = [("GET", fault)]
    assert storage_of(path).read(path) == CONTENT


@pytest.mark.parametrize("method", ["HEAD", "GET", "PUT", "DELETE"])
def test_errors_without_end_are_one_sentence_after_four_attempts(
    bucket: Path, proxy: Proxy, method: str
) -> None:
    path, storage = bucket / "a", storage_of(bucket)
    calls: dict[str, Callable[[], object]] = {
        "HEAD": lambda: storage.exists(path),
        "GET": lambda: storage.read(path),
        "PUT": lambda: storage.publish(path, [CONTENT]),
        "DELETE": lambda: storage.remove(path),
    }
    proxy.always = (method, "503")
    with pytest.raises(PipelineError, match=r"503.*run the same command again") as caught:
        calls[method]()
    assert methods(proxy) == [method] * s3_client.ATTEMPTS
    assert "\n" not in str(caught.value)
    assert SECRET not in str(caught.value)


def test_a_store_that_hangs_is_waited_for_within_bounds_and_then_left_alone(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_client, "READ_SECONDS", 0.5)
    s3_client.forget_clients()
    proxy.always = ("*", "hang")
    began = time.monotonic()
    with pytest.raises(StorageError, match="the store does not answer"):
        storage_of(bucket).publish(bucket / "a", [CONTENT])
    asked = len(proxy.requests)
    assert asked <= s3_client.ATTEMPTS
    for number in range(12):  # as luigi asks while it plans
        with pytest.raises(DocumentUnreadable, match="the store does not answer"):
            documents.exists(bucket / str(number))
    assert len(proxy.requests) == asked
    assert time.monotonic() - began < 30


def test_a_store_that_rests_is_asked_again_after_a_minute(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.always = ("*", "503")
    with pytest.raises(DocumentUnreadable):
        documents.exists(bucket / "a")
    proxy.always = None
    with pytest.raises(DocumentUnreadable):
        documents.exists(bucket / "a")
    monkeypatch.setattr(s3_client, "REST_SECONDS", 0.0)
    now = clock.monotonic()
    monkeypatch.setattr(clock, "monotonic", lambda: now + 61)
    assert not documents.exists(bucket / "a")


def test_no_server_is_one_sentence(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    s3_client.forget_clients()
    with pytest.raises(StorageError, match="the store does not answer: run the same command again"):
        storage_of(bucket).publish(bucket / "a", [b""])


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("AWS_SECRET_ACCESS_KEY", "wrong", "correct AWS_SECRET_ACCESS_KEY"),
        ("AWS_ACCESS_KEY_ID", "unknown", "correct it|s3:PutObject"),
        ("AWS_ACCESS_KEY_ID", "", "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"),
    ],
)
def test_wrong_credentials_are_one_sentence_that_says_which_to_correct(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, sentence: str
) -> None:
    monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    s3_client.forget_clients()
    with pytest.raises(StorageError, match=sentence):
        storage_of(bucket).publish(bucket / "a", [b""])


def test_a_bucket_that_does_not_exist_is_one_sentence(bucket: Path) -> None:
    path = ObjectPath("s3://no-such-bucket/a")
    with pytest.raises(StorageError, match="no such bucket: create it"):
        storage_of(path).publish(path, [b""])


def test_a_path_of_a_bucket_is_no_file_of_this_machine(bucket: ObjectPath) -> None:
    for use in (open, Path.mkdir, Path.stat, Path.touch, os.listdir):
        with pytest.raises(TypeError, match="no file of this machine"):
            use(bucket / "a")
    assert str((bucket / "a/b").relative_to(bucket)) == "a/b"
    assert (bucket / "a").absolute() == bucket / "a"
