"""File systems that lack flushing, locks or hard links: no failure, and at most one warning."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from support.luigi_runs import LuigiRun, Run
from support.stored_documents import leftovers

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
    "folders cannot be flushed": (NO_FLUSH_OF_FOLDERS, 0),
    "nothing can be flushed": (NO_FLUSH, 0),
    "no locks": (NO_LOCKS, 0),
    "no locks of any kind": (NO_LOCKS_AT_ALL, 0),
    "no locks of folders": (NO_LOCKS_OF_FOLDERS, 0),
    "no links, though locks": (NO_LINKS, 1),
    "nothing": (NO_FLUSH_OF_FOLDERS + NO_LOCKS_AT_ALL + NO_LINKS, 1),
}


@pytest.fixture
def refusing(tmp_path: Path) -> Path:
    """A folder for PYTHONPATH; what stands in its sitecustomize.py is done by every process."""
    folder = tmp_path / "refusing"
    folder.mkdir()
    return folder


def assert_warned(run: Run, warnings: int) -> None:
    said = [line for line in run.err.splitlines() if "No hard links for" in line]
    assert len(said) == warnings, said


@pytest.mark.parametrize("case", CASES)
def test_a_run_ends_well_where_the_file_system_lacks_something(
    luigi_run: LuigiRun, data_dir: Path, refusing: Path, case: str
) -> None:
    """With three workers, so that several processes find it out and one line says so."""
    lacks, warnings = CASES[case]
    (refusing / "sitecustomize.py").write_text(REFUSING + lacks, encoding="utf-8")
    command = ["DailySummary", "--date", "2024-01-07", "--workers", "3"]
    run = luigi_run(*command, PYTHONPATH=str(refusing))
    assert run.status == 0, run.output
    documents = [json.loads(path.read_text("utf-8")) for path in data_dir.rglob("*_2*.json")]
    assert len(documents) == 4
    assert leftovers(data_dir) == []
    assert_warned(run, warnings)


def test_pages_are_made_where_the_file_system_lacks_everything(
    luigi_run: LuigiRun, data_dir: Path, refusing: Path
) -> None:
    lacks, warnings = CASES["nothing"]
    (refusing / "sitecustomize.py").write_text(REFUSING + lacks, encoding="utf-8")
    for task, workers in (("DailySummary", "1"), ("IndexPage", "1"), ("IndexPage", "3")):
        (data_dir / "reports/index.html").unlink(missing_ok=True)
        command = [task, "--date", "2024-01-07", "--workers", workers]
        run = luigi_run(*command, PYTHONPATH=str(refusing))
        assert run.status == 0, run.output
        if task == "DailySummary":
            assert_warned(run, warnings)
    assert (data_dir / "reports/index.html").exists()
    assert leftovers(data_dir) == []


@pytest.mark.parametrize("lacks", [NO_LOCKS, NO_LOCKS_AT_ALL + NO_FLUSH_OF_FOLDERS])
def test_runs_of_one_day_at_once_all_end_well_without_locks(
    luigi_run: LuigiRun, data_dir: Path, refusing: Path, lacks: str
) -> None:
    (refusing / "sitecustomize.py").write_text(REFUSING + lacks, encoding="utf-8")

    def run(_: int) -> int:
        command = ["DailySummary", "--date", "2024-01-07"]
        return luigi_run(*command, PYTHONPATH=str(refusing)).status

    with ThreadPoolExecutor(2) as runs:
        assert list(runs.map(run, range(2))) == [0, 0]
    documents = [json.loads(path.read_text("utf-8")) for path in data_dir.rglob("*_2*.json")]
    assert len(documents) == 4
    assert leftovers(data_dir) == []
