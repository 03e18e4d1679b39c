"""Tests against a real S3 server, SeaweedFS, and against a proxy that makes faults."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.bucket_roots import JOBS, collect_on_their_dates, upload
from support.configurations import quick
from support.data_roots import DataRoots, data_roots
from support.object_store import BUCKET, Proxy, Store, start_proxy, start_store
from support.repository import REPOSITORY

from pipeline import settings
from pipeline.paths import Layout
from pipeline.storage import s3_client
from pipeline.storage.object_path import ObjectPath

__all__ = ["data_roots"]


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A server for all tests of this worker; skipped, saying so, where it is not installed."""
    pytest.importorskip("botocore", reason="botocore is not installed: `make extras` installs it")
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


@pytest.fixture
def operator_environment(
    operator_environment: dict[str, str], bucket: ObjectPath, proxy: Proxy, tmp_path: Path,
    data_roots: DataRoots,
) -> dict[str, str]:  # fmt: skip
    """The variables of a command whose data root is the bucket, of the demo catalogue."""
    return {
        **operator_environment,
        **proxy.store.variables(proxy.endpoint),
        "TMDB_API_KEY": "demo",
        "TMDB_API_URL": "",
        "PIPELINE_DATA_DIR": str(bucket),
        "PIPELINE_WORK_DIR": str(tmp_path / "machine"),
        "PIPELINE_CONFIG_DIR": str(data_roots.small_plan),
        "LUIGI_CONFIG_PATH": str(quick(REPOSITORY / "config/unattended.cfg", tmp_path)),
    }


@pytest.fixture
def layout(operator_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Layout:
    """The files of that data root."""
    for name in ("PIPELINE_DATA_DIR", "PIPELINE_WORK_DIR"):
        monkeypatch.setenv(name, operator_environment[name])
    return settings.current().layout


@pytest.fixture
def disk(data_roots: DataRoots, data_dir: Path, layout: Layout) -> Layout:
    """Two days and a week, collected on their dates; the bucket and its logs are a copy."""
    data_roots.copy(data_dir, *JOBS)
    collect_on_their_dates(data_dir)
    upload(data_dir, layout)
    return Layout(data_dir)
