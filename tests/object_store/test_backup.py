"""backup and restore of a data root in a bucket."""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Any

import pytest
from support.bucket_roots import SECOND, contents
from support.object_store import Proxy
from support.operate import Operate, document

from pipeline.paths import Layout
from pipeline.storage import archive, documents
from pipeline.storage.documents import storage_of
from pipeline.storage.objects import ObjectStorage

HOST = ("--runtime", "host")
KEEP = {"PIPELINE_KEEP_DAYS": "by-agreement-with-tmdb"}  # all reports, though they are of 2024


@pytest.fixture
def backup(command: Operate, disk: Layout, tmp_path: Path) -> Path:
    """A backup of the bucket in another folder."""
    words = ("backup", "--no-history", "--to", str(tmp_path / "elsewhere"), "--json", *HOST)
    done = command(*words, **KEEP)
    assert done.status == 0, done.output
    return Path(document(done)["file"])


def saved(layout: Layout) -> dict[str, bytes]:
    """Return what a backup holds of a data root."""
    found = contents(layout)
    return {n: each for n, each in found.items() if n.startswith("raw/metadata/")} | {
        "root.json": found["root.json"]
    }


def empty(layout: Layout, *but: str) -> None:
    for name in contents(layout):
        if name not in but:
            documents.remove(layout.root / name)


def test_a_backup_of_the_bucket_comes_back_into_the_emptied_bucket_as_it_was(
    command: Operate, layout: Layout, backup: Path
) -> None:
    before = saved(layout)
    assert len(before) == 6
    empty(layout)
    done = command("restore", str(backup), "--yes", "--json", *HOST)
    assert done.status == 0, done.output
    assert contents(layout) == before
    shown: Any = document(done)
    assert len(shown["written"]) == len(before)
    again = document(command("restore", str(backup), "--yes", "--json", *HOST))
    assert (again["written"], len(again["kept"])) == ([], len(before) + 2)  # two configurations


def test_the_archive_holds_what_one_of_the_disk_holds(
    command: Operate, disk: Layout, layout: Layout, backup: Path
) -> None:
    words = ("backup", "--no-history", "--json", *HOST)
    done = command(*words, PIPELINE_DATA_DIR=str(disk.root), PIPELINE_WORK_DIR="", **KEEP)
    other = archive.read(Path(document(done)["file"]))
    assert archive.read(backup).members == other.members
    report = layout.validation_report(SECOND)
    (entry,) = (each for each in ObjectStorage().entries(report.parent) if each.name == report.name)
    with tarfile.open(backup) as tar:
        member = tar.getmember(f"metadata/quality_reports/{report.name}")
    assert member.mtime == entry.modified_at.timestamp(), "it is as old as the object"


def test_present_documents_stay_unless_they_are_to_be_replaced(
    command: Operate, layout: Layout, backup: Path
) -> None:
    before = saved(layout)
    name = next(name for name in before if "validation_report" in name)
    storage_of(layout.root).replace(layout.root / name, [b"{}"])
    restore = ("restore", str(backup), "--yes", "--json", *HOST)
    assert command(*restore).status == 0
    assert contents(layout)[name] == b"{}"
    assert command(*restore, "--overwrite").status == 0
    assert saved(layout) == before


def test_a_restore_that_fails_in_its_middle_is_finished_by_the_same_command(
    command: Operate, layout: Layout, backup: Path, proxy: Proxy
) -> None:
    before = saved(layout)
    empty(layout)
    restore = ("restore", str(backup), "--yes", "--json", *HOST)
    proxy.faults, proxy.always = [("PUT", "")] * 3, ("PUT", "403")
    failed = command(*restore)
    assert failed.status == 1
    assert failed.err.count("\n") == 1
    assert "the store refuses access" in failed.err
    partly = contents(layout)
    assert len(partly) == 3
    assert partly.items() <= before.items()
    proxy.always = None
    assert len(document(command(*restore))["written"]) == len(before) - 3
    assert contents(layout) == before


def test_a_backup_that_cannot_read_a_report_fails_and_leaves_no_file(
    command: Operate, layout: Layout, backup: Path, proxy: Proxy
) -> None:
    proxy.faults, proxy.always = [("GET", "")] * 4, ("GET", "403")
    failed = command("backup", "--no-history", *HOST, **KEEP)
    assert failed.status == 1
    assert failed.err.count("\n") == 1
    assert "the store refuses access" in failed.err
    assert list(layout.backups.iterdir()) == []


def test_a_backup_of_another_identity_is_refused(
    command: Operate, layout: Layout, backup: Path
) -> None:
    other = '{"source": "tmdb", "language": "en-US", "region": "US"}\n'
    documents.replace(layout.identity, other)
    before = contents(layout)
    done = command("restore", str(backup), "--yes", "--overwrite", *HOST)
    assert (done.status, "belongs to" in done.err) == (1, True)
    assert contents(layout) == before


def test_a_backup_of_a_bucket_is_restored_on_a_disk_and_the_other_way_round(
    command: Operate, disk: Layout, layout: Layout, backup: Path, tmp_path: Path
) -> None:
    before, new = saved(layout), Layout(tmp_path / "new")
    on_disk = {"PIPELINE_DATA_DIR": str(new.root), "PIPELINE_WORK_DIR": ""}
    assert command("restore", str(backup), "--yes", *HOST, **on_disk).status == 0
    assert saved(new) == before
    words = ("backup", "--no-history", "--json", *HOST)
    of_disk = document(command(*words, **on_disk, **KEEP))["file"]
    empty(layout)
    assert command("restore", of_disk, "--yes", *HOST).status == 0
    assert contents(layout) == before
