"""doctor: the folders of this machine, and the file systems that they are on."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from pipeline.ops.doctor import machine
from pipeline.ops.doctor.examine import Finding


def test_a_work_folder_that_cannot_be_written_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIPELINE_WORK_DIR", str(tmp_path / "here"))
    assert machine.work_folder().found.endswith("can be made")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert machine.work_folder().state == "problem"


@pytest.mark.parametrize("probe", [machine.data_root, machine.work_folder])
def test_a_folder_on_nfs_is_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, probe: Callable[[], Finding]
) -> None:
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("PIPELINE_WORK_DIR", str(tmp_path / "here"))
    mounts = [("/", "ext4"), (str(tmp_path), "nfs4"), (f"{tmp_path}/other", "ext4")]
    partitions = [SimpleNamespace(mountpoint=at, fstype=kind) for at, kind in mounts]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: partitions)
    found = probe()
    assert found.state == "warning"
    assert found.found.endswith("can be made, on NFS")
    assert "PIPELINE_DATA_DIR=s3://" in found.fix


def test_the_disk_with_the_least_space_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = {"data": 100 << 30, "here": 10 << 20}
    for name in free:
        (tmp_path / name).mkdir()
    monkeypatch.setenv("PIPELINE_DATA_DIR", str(tmp_path / "data"))
    assert machine.disk().found.split(" below ")[1].startswith(str(tmp_path / "data"))
    monkeypatch.setenv("PIPELINE_WORK_DIR", str(tmp_path / "here"))
    monkeypatch.setattr(
        os,
        "statvfs",
        lambda path: SimpleNamespace(
            f_bavail=free["data" if Path(path).name == "data" else "here"],
            f_frsize=1,
            f_files=0,
            f_favail=0,
        ),
    )
    found = machine.disk()
    assert found.state == "problem"
    assert found.found.startswith(f"10 MiB free below {tmp_path}/here/")
    assert found.fix == "Free space there, or move the work folder (PIPELINE_WORK_DIR)."
