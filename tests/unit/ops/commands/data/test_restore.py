"""What a restore refuses, and what restored files look like afterwards."""

from __future__ import annotations

import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.backup_files import REPORT, backup
from support.backup_runs import made, restored, root, run

from pipeline.documents.run_record import Entry
from pipeline.ops.runs import record
from pipeline.paths import Layout
from pipeline.storage import local

__all__ = ["root"]

A_MONTH_AGO = 1_700_000_000.0


def started(layout: Layout) -> Path:
    """The log of a run that began and has not ended."""
    layout.logs.mkdir(parents=True)
    log = layout.logs / "run.log"
    log.touch()
    now = datetime.now(UTC)
    entry = Entry(run_id="a", task="DailySummary", at=now, started_at=now, log=layout.relative(log))
    record.append(layout, entry)
    return log


def test_a_restore_while_a_run_is_in_progress_is_refused_and_a_backup_is_not(root: Path) -> None:
    log = started(Layout(root))
    with log.open() as held:
        local.lock(held.fileno())
        file = made(root)
        shutil.rmtree(root / "raw")

        done = restored(file, root)

        assert done.status == 1
        assert "A run of DailySummary is in progress: wait for its end" in done.err
        assert done.err.count("\n") == 1
        assert not (root / "raw").exists()

    assert restored(file, root).status == 0, "the run was killed"


@pytest.mark.parametrize("words", [(), ("--overwrite",)])
def test_restored_files_keep_the_times_that_they_had(root: Path, words: tuple[str, ...]) -> None:
    report = root / "raw" / REPORT
    os.utime(report, (A_MONTH_AGO, A_MONTH_AGO))
    file = made(root)
    if words:
        report.write_text("{}")
    else:
        shutil.rmtree(root / "raw")

    assert restored(file, root, *words).status == 0

    assert report.stat().st_mtime == A_MONTH_AGO


def test_files_of_a_backup_without_times_are_as_old_as_it_is(root: Path) -> None:
    """As those of 0.1.0 are: they must not look like today's, or like 1970's."""
    file = root.parent / "file.tar.gz"
    file.write_bytes(backup({REPORT: b"{}"}))
    shutil.rmtree(root / "raw")

    assert restored(file, root).status == 0

    made_at = datetime(2024, 1, 7, tzinfo=UTC).timestamp()
    assert (root / "raw" / REPORT).stat().st_mtime == made_at


def test_a_report_with_a_long_name_is_saved_and_comes_back(root: Path) -> None:
    long = (root / "raw" / REPORT).with_name(f"validation_report_{'x' * 150}.json")
    long.write_text("{}")
    file = made(root)
    long.unlink()

    assert restored(file, root).status == 0
    assert long.read_text() == "{}"


def test_temporaries_links_and_names_that_are_no_text_are_not_saved(root: Path) -> None:
    report = root / "raw" / REPORT
    report.with_name(f".{report.name}.1234.tmp").write_text("half")
    report.with_name("link.json").symlink_to("/etc/hostname")
    os.close(os.open(os.fsencode(report.parent) + b"/\xff.json", os.O_CREAT))

    done = run("backup", "--runtime", "host", root=root)

    assert "1 reports and summaries" in done.out


@pytest.mark.parametrize("kind", ["pipe", "folder", "loop", "noise", "empty"])
def test_what_is_no_backup_in_the_folder_of_backups_costs_no_backup(root: Path, kind: str) -> None:
    odd = root / "backups" / "tmdb-backup-20240101T043000Z.tar.gz"
    odd.parent.mkdir()
    if kind == "pipe":
        os.mkfifo(odd)
    elif kind == "folder":
        odd.mkdir()
    elif kind == "loop":
        odd.symlink_to(odd)
    else:
        odd.write_bytes(os.urandom(999) if kind == "noise" else b"")

    files = [made(root, "--keep", "1"), made(root, "--keep", "1")]

    assert sorted(os.listdir(odd.parent)) == [odd.name, files[1].name]
