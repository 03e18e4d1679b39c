"""File systems that lack flushing, locks or hard links: one warning of the run, and no failure."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.luigi_runs import LuigiRun

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
