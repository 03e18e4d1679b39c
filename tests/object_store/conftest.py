"""Tests against a real S3 server, SeaweedFS, and against a proxy that makes faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.object_store import BUCKET, Proxy, Store, start_proxy, start_store

from pipeline.storage import s3_client
from pipeline.storage.object_path import ObjectPath


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server for all tests of this worker; skipped, saying so, where it is not installed."""
    pytest.importorskip("botocore", reason="botocore is not installed: pip install botocore")
    with start_store(tmp_path_factory.mktemp("store")) as server:
        yield server


@pytest.fixture
def proxy(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """A proxy in front of the server, which this process uses from now on."""
    with start_proxy(store) as started:
        for name, value in store.variables(started.endpoint).items():
            monkeypatch.setenv(name, value)
        s3_client.forget_clients()
        yield started
        s3_client.forget_clients()


@pytest.fixture
def bucket(proxy: Proxy, tmp_path: Path) -> ObjectPath:
    """A prefix of the bucket that only this test uses."""
    return ObjectPath(f"s3://{BUCKET}/{tmp_path.parent.name}-{tmp_path.name}")


@pytest.fixture(params=["disk", "bucket"])
def root(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data root on a disk, and one in a bucket."""
    if request.param == "disk":
        return tmp_path / "data"
    path: Path = request.getfixturevalue("bucket")
    return path
