"""A bucket that is slow, silent, full of errors or forgetful: nothing torn, nothing lost."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support.object_store import SECRET, Proxy

from pipeline import clock
from pipeline.errors import DocumentUnreadable, PipelineError, SettingsError, StorageError
from pipeline.storage import documents, objects, s3_client
from pipeline.storage.documents import storage_of
from pipeline.storage.object_path import ObjectPath

CONTENT = b"0123456789" * 100_000


@pytest.fixture
def published(bucket: ObjectPath, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> ObjectPath:
    """A document in the bucket; from then on, a request waits for two seconds instead of 15."""
    path = bucket / "a"
    storage_of(path).publish(path, [CONTENT])
    proxy.requests.clear()
    monkeypatch.setattr(s3_client, "READ_SECONDS", 2.0)
    s3_client.forget_clients()
    return path


def methods(proxy: Proxy) -> list[str]:
    return [method for method, _ in proxy.requests]


@pytest.mark.parametrize(
    ("fault", "requests"),
    [("503", 2), ("500", 2), ("409", 2), ("cut upload", 2), ("lost answer", 2), ("reset", 2),
     ("slow", 1)],
)  # fmt: skip
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


@pytest.mark.parametrize(
    "fault",
    [*("503", "slow", "lost answer", "reset"),
     *("cut download", "stalled download", "long download", "chunked", "chunked cut")],
)  # fmt: skip
def test_a_read_that_fails_once_is_done(published: Path, proxy: Proxy, fault: str) -> None:
    proxy.faults = [("GET", fault)]
    for _ in range(2):
        assert storage_of(published).read(published) == CONTENT


@pytest.mark.parametrize("fault", ["503", "reset", "409"])
def test_a_write_that_fails_twice_is_done(bucket: Path, proxy: Proxy, fault: str) -> None:
    proxy.faults = [("PUT", fault)] * 2
    storage_of(bucket).publish(bucket / "a", [CONTENT])
    assert methods(proxy) == ["PUT"] * 3
    assert storage_of(bucket).read(bucket / "a") == CONTENT


def test_a_body_that_drips_is_waited_for_within_bounds(
    published: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_client, "MAX_SECONDS", 3.0)
    proxy.always = ("GET", "dripping download")
    with pytest.raises(DocumentUnreadable, match="the store does not answer"):
        storage_of(published).read(published)
    assert methods(proxy) == ["GET"]


@pytest.mark.parametrize("fault", ["cut download", "stalled download"])
def test_a_body_that_is_always_cut_is_one_sentence(
    published: Path, proxy: Proxy, fault: str
) -> None:
    proxy.always = ("GET", fault)
    with pytest.raises(DocumentUnreadable, match="the store's answer is cut: run"):
        storage_of(published).read(published)
    assert methods(proxy) == ["GET"] * s3_client.ATTEMPTS


@pytest.mark.parametrize("page", ["html", "xhtml"])
def test_a_portal_that_answers_in_the_place_of_the_store_is_no_store(
    bucket: Path, proxy: Proxy, page: str
) -> None:
    storage, path = storage_of(bucket), bucket / "a"
    proxy.always = ("*", page)
    calls: list[Callable[[], object]] = [
        lambda: storage.exists(path),
        lambda: storage.read(path),
        lambda: storage.list(bucket),
        lambda: storage.publish(path, [CONTENT]),  # botocore itself finds that it is no XML
    ]
    for call in calls:
        s3_client.forget_clients()
        with pytest.raises(PipelineError, match=r"no S3 server|answers 500") as caught:
            call()
        assert "Log in" not in str(caught.value)


def test_a_store_that_asks_to_wait_is_left_alone_so_long(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.always, proxy.error_headers = ("*", "503"), {"Retry-After": "300"}
    now = clock.monotonic()
    with pytest.raises(DocumentUnreadable, match="503"):
        documents.exists(bucket / "a")
    proxy.always = None
    monkeypatch.setattr(clock, "monotonic", lambda: now + 299)
    with pytest.raises(DocumentUnreadable, match="does not answer"):
        documents.exists(bucket / "a")
    monkeypatch.setattr(clock, "monotonic", lambda: now + 330)
    assert not documents.exists(bucket / "a")


def test_one_slow_request_of_many_holds_up_no_other_for_long(
    published: ObjectPath, proxy: Proxy
) -> None:
    """An answer to another request shows that the store is there again."""
    with s3_client.report(published, DocumentUnreadable):  # a request that was sent before
        proxy.always = ("GET", "hang")
        with pytest.raises(DocumentUnreadable):
            storage_of(published).read(published)
        with pytest.raises(DocumentUnreadable):
            documents.exists(published)
    assert documents.exists(published)


def test_processes_that_are_forked_know_of_a_silent_store(bucket: Path, proxy: Proxy) -> None:
    proxy.always = ("*", "503")
    fork = multiprocessing.get_context("fork")
    for _ in range(2):
        child = fork.Process(target=_fail_to_find, args=[bucket / "a"])
        child.start()
        child.join(60)
        assert child.exitcode == 0
    assert methods(proxy) == ["HEAD"] * s3_client.ATTEMPTS


def _fail_to_find(path: Path) -> None:
    with pytest.raises(DocumentUnreadable):
        documents.exists(path)


def test_a_store_that_always_answers_409_has_the_document_or_has_failed(
    published: Path, bucket: Path, proxy: Proxy
) -> None:
    proxy.always = ("PUT", "409")
    storage_of(published).publish(published, [b"another"])  # some stores say so that it exists
    assert storage_of(published).read(published) == CONTENT
    for write in (storage_of(bucket).publish, storage_of(bucket).replace):
        with pytest.raises(StorageError, match="the store answers 409 Fault: run"):
            write(bucket / "absent", [CONTENT])
    with pytest.raises(StorageError, match="409"):
        storage_of(bucket).replace(published, [b"another"])


def test_a_replacement_that_is_refused_is_an_error(published: Path, proxy: Proxy) -> None:
    proxy.always = ("PUT", "412")
    with pytest.raises(StorageError, match="the store answers 412"):
        storage_of(published).replace(published, [b"another"])


def test_a_document_that_is_larger_than_any_is_refused(published: Path, proxy: Proxy) -> None:
    proxy.faults = [("GET", ""), ("GET", "chunked")]  # of the second, no length is promised
    for _ in range(2):
        with pytest.raises(DocumentUnreadable, match="it has 1,000,000 bytes, more than 1,000"):
            objects.ObjectStorage().read(published, 1_000)


def test_a_fault_of_the_program_is_not_blamed_on_the_store(bucket: ObjectPath) -> None:
    with pytest.raises(ZeroDivisionError), s3_client.report(bucket, DocumentUnreadable):
        raise ZeroDivisionError


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
    with pytest.raises(StorageError, match="the store does not answer"):
        storage_of(bucket).publish(bucket / "a", [CONTENT])
    asked = len(proxy.requests)
    assert asked <= s3_client.ATTEMPTS
    for number in range(12):  # as luigi asks while it plans
        with pytest.raises(DocumentUnreadable, match="the store does not answer"):
            documents.exists(bucket / str(number))
    assert len(proxy.requests) == asked


def test_a_store_that_rests_is_asked_again_after_a_minute(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy.always = ("*", "503")
    with pytest.raises(DocumentUnreadable):
        documents.exists(bucket / "a")
    proxy.always = None
    with pytest.raises(DocumentUnreadable):
        documents.exists(bucket / "a")
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


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_ENDPOINT_URL": "127.0.0.1:8333"}, "AWS settings are unusable: Invalid endpoint"),
        ({"AWS_DEFAULT_REGION": "no region!"}, r"AWS settings are unusable: .*region"),
        (
            {"AWS_PROFILE": "missing"},
            r"AWS settings are unusable: .*\(missing\) could not be found",
        ),
        ({"AWS_ENDPOINT_URL": "http://no-such-host.invalid"}, "the store does not answer"),
        ({"HTTP_PROXY": "http://127.0.0.1:9"}, "the proxy does not answer: correct HTTPS_PROXY"),
    ],
)
def test_settings_that_lead_to_no_store_are_one_sentence(
    bucket: Path, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    s3_client.forget_clients()
    with pytest.raises(PipelineError, match=sentence) as caught:
        storage_of(bucket).publish(bucket / "a", [b""])
    assert "\n" not in str(caught.value)


def test_a_server_without_tls_is_one_sentence(
    bucket: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.endpoint.replace("http:", "https:"))
    s3_client.forget_clients()
    with pytest.raises(DocumentUnreadable, match="TLS cannot be agreed on"):
        documents.exists(bucket / "a")


@pytest.mark.parametrize("code", ["PermanentRedirect", "AuthorizationHeaderMalformed"])
def test_a_bucket_of_another_region_is_one_sentence(bucket: Path, proxy: Proxy, code: str) -> None:
    proxy.always, proxy.error = ("*", "400"), f"<Error><Code>{code}</Code></Error>"
    with pytest.raises(StorageError, match="another region: correct AWS_DEFAULT_REGION"):
        storage_of(bucket).publish(bucket / "a", [b""])


def test_without_botocore_the_sentence_says_what_to_install(
    bucket: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "botocore.config", None)
    s3_client.forget_clients()
    with pytest.raises(SettingsError, match=r"pip install 'tmdb-pipeline\[s3\]'"):
        documents.exists(bucket / "a")


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
