"""Who may read and change what is written, whatever the umask of the run."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.data_roots import DataRoots
from support.fake_tmdb import FakeTmdb, status
from support.luigi_runs import LuigiRun
from support.operate import Operate
from support.receivers import Receiver

DAY = "2024-01-07"
PRIVATE = ("data/state", "data/backups", "tmp")
"""Folders that nobody else can enter: pickles, dumps, the key's digest."""

MODES = {
    "data/raw": 0o644,
    "data/reports": 0o644,
    "data/logs": 0o640,
    "data/logs/runs.jsonl": 0o640,
    "data/backups": 0o600,
    "data/state": 0o600,
    "data/state/luigid.pickle": 0o600,
    "data/state/luigid.lock": 0o600,
    "data/state/luigid-seen": 0o600,
    "data/state/data-root-id": 0o600,
    "data/state/DailySummary.lock": 0o600,
    "data/state/alerts": 0o600,
    "tmp": 0o600,
}
"""What files have at most; the umask takes the rest."""


@pytest.fixture
def mask(request: pytest.FixtureRequest) -> Iterator[int]:
    """The umask of this process and of all that it starts."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def below(folder: Path) -> list[Path]:
    return [each for each in folder.rglob("*") if not each.is_symlink()]


@pytest.mark.parametrize("mask", [0o077, 0o000], indirect=True, ids="{:03o}".format)
def test_other_users_can_change_no_document_and_read_no_secret(
    mask: int,
    luigi_run: LuigiRun,
    operate: Operate,
    tmdb: FakeTmdb,
    receiver: Receiver,
    tmp_path: Path,
    data_dir: Path,
) -> None:
    """A run that fails and alerts comes first: it must not make luigid's folder for all."""
    tmdb.fail(status(500), times=2)
    failed = luigi_run("DailySummary", "--date", DAY, PIPELINE_ALERT_URL=receiver.url,
                       TMDB_MAX_RETRIES="0")  # fmt: skip
    assert (failed.status, len(receiver.messages)) == (30, 1)
    assert luigi_run("DailySummary", "--date", DAY).status == 0
    assert luigi_run("IndexPage", "--date", DAY).status == 0
    for words in (["start"], ["trigger", "daily", DAY], ["stop"], ["backup"]):
        done = operate(*words, "--runtime", "host")
        assert done.status == 0, done.output

    written = below(data_dir) + below(tmp_path / "tmp")
    files = {
        path.relative_to(tmp_path).as_posix(): mode(path) for path in written if path.is_file()
    }
    assert [str(path) for path in written if mode(path) & stat.S_IWOTH] == []
    for folder in PRIVATE[:2]:
        assert mode(tmp_path / folder) == 0o700
    assert [mode(path) for path in (tmp_path / "tmp").iterdir() if path.is_dir()] == [0o700]
    for place, most in MODES.items():
        there = {name: found for name, found in files.items() if name.startswith(place)}
        assert there, place
        assert {name: oct(found) for name, found in there.items() if found & ~most} == {}
    if mask == 0o077:
        assert [str(path) for path in written if mode(path) & 0o077] == []


@pytest.mark.parametrize("mask", [0o022], indirect=True, ids="{:03o}".format)
def test_everybody_reads_the_pages_under_the_usual_umask(
    mask: int, luigi_run: LuigiRun, data_dir: Path, data_roots: DataRoots
) -> None:
    data_roots.copy(data_dir, ("DailySummary", DAY))
    demo = {"TMDB_API_KEY": "demo", "PIPELINE_CONFIG_DIR": str(data_roots.small_plan)}
    assert luigi_run("IndexPage", "--date", DAY, **demo).status == 0
    pages = below(data_dir / "reports")
    assert len([path for path in pages if path.suffix == ".html"]) == 2
    assert all(mode(path) & 0o444 == 0o444 for path in pages)
