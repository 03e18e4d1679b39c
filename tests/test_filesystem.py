"""File systems that lack flushing, locks or hard links: one warning of the run, and no failure."""

from __future__ import annotations

import errno
import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import LuigiRun

from pipeline import filesystem, storage
from pipeline.errors import StorageError

REFUSING = """
import errno, fcntl, os, stat

def refuse(call, number, concerns=lambda what: True):
    def refusing(what, *rest, **named):
        if concerns(what):
            raise OSError(number, os.strerror(number))
        return call(what, *rest, **named)
    return refusing

def is_folder(descriptor):
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)

"""
"""A module that Python imports by itself when it starts; below it stand the calls that refuse."""

NO_FLUSH_OF_FOLDERS = "os.fsync = refuse(os.fsync, errno.EINVAL, is_folder)\n"
NO_FLUSH = "os.fsync = refuse(os.fsync, errno.EOPNOTSUPP)\n"
NO_LOCKS = "fcntl.flock = refuse(fcntl.flock, errno.ENOLCK)\n"
NO_LOCKS_AT_ALL = (
    "fcntl.flock = refuse(fcntl.flock, errno.EINVAL)\n"
    "fcntl.lockf = refuse(fcntl.lockf, errno.EOPNOTSUPP)\n"
)
NO_LOCKS_OF_FOLDERS = "fcntl.flock = refuse(fcntl.flock, errno.EBADF, is_folder)\n"
NO_LINKS = "os.link = refuse(os.link, errno.EPERM)\n"

CASES = {
    "folders cannot be flushed": (NO_FLUSH_OF_FOLDERS, ["cannot flush to the disk"]),
    "nothing can be flushed": (NO_FLUSH, ["cannot flush to the disk"]),
    "no locks": (NO_LOCKS, ["has no locks"]),
    "no locks of any kind": (NO_LOCKS_AT_ALL, ["has no locks"]),
    "no locks of folders": (NO_LOCKS_OF_FOLDERS, ["has no locks"]),
    "no links, though locks": (NO_LINKS, []),
    "nothing": (
        NO_FLUSH_OF_FOLDERS + NO_LOCKS_AT_ALL + NO_LINKS,
        ["cannot flush to the disk", "has no locks", "has no hard links"],
    ),
}


@pytest.fixture
def refusing(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH; what stands in its sitecustomize.py is done by every process."""
    folder = tmp_path / "refusing"
    folder.mkdir()
    return folder


def leftovers(data_dir: Path) -> list[Path]:
    return [path for path in data_dir.rglob(".*") if path.suffix == ".tmp"]


@pytest.mark.run
@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("workers", [1, 3])
def test_a_run_ends_well_where_the_file_system_lacks_something(
    luigi_run: LuigiRun, data_dir: Path, refusing: Path, case: str, workers: int
) -> None:
    lacks, warnings = CASES[case]
    (refusing / "sitecustomize.py").write_text(REFUSING + lacks, encoding="utf-8")
    command = ["IndexPage", "--date", "2024-01-07", "--workers", str(workers)]
    summary = luigi_run("DailySummary", *command[1:], PYTHONPATH=str(refusing))
    run = luigi_run(*command, PYTHONPATH=str(refusing))
    assert (summary.status, run.status) == (0, 0), summary.output + run.output
    documents = [json.loads(path.read_text("utf-8")) for path in data_dir.rglob("*_2*.json")]
    assert len(documents) == 4
    assert (data_dir / "reports/index.html").exists()
    assert leftovers(data_dir) == []
    said = [line for line in summary.err.splitlines() if "The file system of" in line]
    assert len(said) == len(warnings), said
    assert all(any(each in line for line in said) for each in warnings)


@pytest.mark.run
@pytest.mark.parametrize("lacks", [NO_LOCKS, NO_LOCKS_AT_ALL + NO_FLUSH_OF_FOLDERS])
def test_runs_of_one_day_at_once_all_end_well_without_locks(
    luigi_run: LuigiRun, data_dir: Path, refusing: Path, lacks: str
) -> None:
    (refusing / "sitecustomize.py").write_text(REFUSING + lacks, encoding="utf-8")

    def run(_: int) -> int:
        command = ["DailySummary", "--date", "2024-01-07"]
        return luigi_run(*command, PYTHONPATH=str(refusing)).status

    with ThreadPoolExecutor(3) as runs:
        assert list(runs.map(run, range(3))) == [0, 0, 0]
    documents = [json.loads(path.read_text("utf-8")) for path in data_dir.rglob("*_2*.json")]
    assert len(documents) == 4
    assert leftovers(data_dir) == []


def refuse(monkeypatch: pytest.MonkeyPatch, owner: object, name: str, number: int) -> None:
    def refusing(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(owner, name, refusing)


@pytest.mark.parametrize("links", [True, False])
def test_the_first_to_publish_wins_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, links: bool
) -> None:
    refuse(monkeypatch, filesystem.fcntl, "flock", errno.ENOLCK)
    if not links:
        refuse(monkeypatch, os, "link", errno.ENOSYS)
    path = tmp_path / "a.json"
    for number in (1, 2):
        storage.publish(path, {"number": number})
    assert storage.read(path) == {"number": 1}
    assert leftovers(tmp_path) == []


def test_one_that_publishes_between_the_look_and_the_name_wins_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Without locks nobody can be kept out between a look and a rename; a link needs no look."""
    refuse(monkeypatch, filesystem.fcntl, "flock", errno.EINVAL)
    path = tmp_path / "a.json"
    link = os.link

    def late(source: Path, target: Path) -> None:
        path.write_text('{"number": 1}', encoding="utf-8")
        link(source, target)

    monkeypatch.setattr(os, "link", late)
    storage.publish(path, {"number": 2})
    assert storage.read(path) == {"number": 1}
    assert leftovers(tmp_path) == []


def test_a_temporary_of_a_writer_at_work_is_left_alone_without_locks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refuse(monkeypatch, filesystem.fcntl, "flock", errno.ENOLCK)
    path = tmp_path / "a.json"
    young, old = (tmp_path / f".a.json.{number}.tmp" for number in range(2))
    for temporary in (young, old):
        temporary.touch()
    os.utime(old, (1, 1))
    assert storage.sweep(path) == [old]
    assert young.exists()


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC, errno.EDQUOT, errno.EROFS])
def test_a_disk_that_fails_is_still_a_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, number: int
) -> None:
    refuse(monkeypatch, os, "fsync", number)
    with pytest.raises(StorageError):
        storage.publish(tmp_path / "a.json", {})
    assert not (tmp_path / "a.json").exists()
