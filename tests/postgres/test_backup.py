"""backup and restore: what comes back, what is refused, and what is left alone."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import json
import os
import shutil
import stat
import subprocess
import tarfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.backup_files import FAULTY, REPORT, backup
from support.backup_runs import (
    contents,
    made,
    restored,
    rows,
    run,
    run_as_process,
    variables,
    with_programs,
    write_history,
)
from support.luigi_runs import as_process, luigi_command, run_command
from support.luigid_process import our_luigid
from support.operate import WORDS, document, luigi_cfg
from support.ports import free_port
from support.postgres import PASSWORD, Postgres

from pipeline.errors import DataError
from pipeline.ops.history.store import Event, HistoryStore
from pipeline.storage import archive
from pipeline.tmdb.credential import Secret

CONFIGURATION = ("config/collection.toml", "config/quality.toml")


@pytest.fixture
def closed_port() -> int:
    """A port that nobody listens on."""
    return free_port()


def test_a_run_and_its_history_come_back_in_a_fresh_place(
    postgres: Postgres,
    tmp_path: Path,
    history_database: str,
    history_url: str,
    another_database: str,
) -> None:
    ours, fresh = history_database, another_database
    url, path = history_url, with_programs(postgres)
    with our_luigid(tmp_path / "luigid", PIPELINE_HISTORY_URL=url, TMDB_API_KEY="demo") as luigid:
        cfg = luigi_cfg(tmp_path / "luigi.cfg", luigid.url + "/")
        environment = {**variables(luigid.data_dir), "LUIGI_CONFIG_PATH": cfg}
        command = luigi_command("DailySummary", "--date", "2024-01-07")
        assert run_command(command, environment, tmp_path).status == 0
        assert luigid.stop() == 0
    before = rows(postgres, ours)
    assert len(before["tasks"]) == 4
    assert {row[2] for row in before["task_events"]} >= {"PENDING", "RUNNING", "DONE"}

    saved = run_as_process(
        *("backup", "--runtime", "host", "--json"),
        root=luigid.data_dir, PIPELINE_HISTORY_URL=url, PATH=path,
    )  # fmt: skip
    assert saved.status == 0, saved.output
    elsewhere = tmp_path / "elsewhere"
    done = run_as_process(
        *("restore", document(saved)["file"], "--yes", "--runtime", "host"),
        root=elsewhere, PIPELINE_HISTORY_URL=postgres.url(fresh), PATH=path,
    )  # fmt: skip

    assert done.status == 0, done.output
    assert rows(postgres, fresh) == before
    metadata = contents(luigid.data_dir / "raw/metadata")
    assert contents(elsewhere / "raw/metadata") == metadata
    assert len(metadata) == 2


def test_the_restored_history_reads_the_same_and_goes_on(
    postgres: Postgres, root: Path, history_url: str, another_database: str
) -> None:
    store = write_history(history_url)
    runs = store.runs()
    path, fresh = with_programs(postgres), postgres.url(another_database)
    file = made(root, PIPELINE_HISTORY_URL=history_url, PATH=path)

    assert restored(file, root, PIPELINE_HISTORY_URL=fresh, PATH=path).status == 0

    there = HistoryStore(Secret(fresh))
    assert there.runs() == runs
    assert len(runs) == 60
    there.create_schema()
    there.write([Event("New", "TopRatedMovies", {}, None, "DONE", datetime.now(UTC))])
    assert len(there.runs(family="TopRatedMovies")) == 1
    store.close()
    there.close()


def test_a_restore_replaces_a_history_that_went_wrong(
    postgres: Postgres, root: Path, history_url: str, history_database: str
) -> None:
    store = write_history(history_url)
    before = rows(postgres, history_database)
    path = with_programs(postgres)
    file = made(root, PIPELINE_HISTORY_URL=history_url, PATH=path)
    store.purge(datetime(2030, 1, 1, tzinfo=UTC))
    store.close()
    assert rows(postgres, history_database) != before

    assert restored(file, root, PIPELINE_HISTORY_URL=history_url, PATH=path).status == 0

    assert rows(postgres, history_database) == before


def test_a_restore_that_the_database_refuses_leaves_the_history_as_it_was(
    postgres: Postgres, root: Path, history_url: str, history_database: str
) -> None:
    store = write_history(history_url)
    path = with_programs(postgres)
    file = made(root, PIPELINE_HISTORY_URL=history_url, PATH=path)
    store.write([Event("New", "TopRatedMovies", {}, None, "DONE", datetime.now(UTC))])
    store.close()
    postgres.execute(
        "CREATE TABLE notes AS SELECT id AS task FROM tasks WHERE name = 'TopRatedMovies'",
        database=history_database,
    )
    postgres.execute(
        "ALTER TABLE notes ADD CONSTRAINT of_somebody FOREIGN KEY (task) REFERENCES tasks (id)",
        database=history_database,
    )
    before = rows(postgres, history_database)
    shutil.rmtree(root / "raw")

    done = restored(file, root, PIPELINE_HISTORY_URL=history_url, PATH=path)

    assert done.status == 1
    assert "of_somebody" in done.err
    assert done.err.count("\n") == 1
    assert rows(postgres, history_database) == before
    assert not (root / "raw").exists()


def test_the_password_is_in_no_process_list_and_no_backup(
    postgres: Postgres, root: Path, recorded_url: str, tmp_path: Path
) -> None:
    spies = tmp_path / "spies"
    spies.mkdir()
    for program in ("pg_dump", "pg_restore", "psql"):
        spy = spies / program
        spy.write_text(
            f'#!/bin/sh\nprintf "%s\\n" "$0" "$@" >>{tmp_path}/words\n'
            f'[ -n "$PGPASSWORD" ] && echo "${{#PGPASSWORD}}" >>{tmp_path}/lengths\n'
            f'exec {postgres.bin}/{program} "$@"\n'
        )
        spy.chmod(0o755)
    path = f"{spies}:{os.environ['PATH']}"

    file = made(root, PIPELINE_HISTORY_URL=recorded_url, PATH=path)
    done = restored(file, root, PIPELINE_HISTORY_URL=recorded_url, PATH=path)

    words = (tmp_path / "words").read_text()
    assert done.status == 0
    assert "--format=custom" in words
    assert "/psql\n" in words
    assert PASSWORD not in words
    assert set((tmp_path / "lengths").read_text().split()) == {str(len(PASSWORD))}
    with tarfile.open(file) as tar:
        for member in tar:
            assert PASSWORD.encode() not in tar.extractfile(member).read()  # type: ignore[union-attr]


def test_without_a_database_the_reports_are_saved_and_that_is_said(root: Path) -> None:
    done = run("backup", "--runtime", "host", root=root)

    assert done.status == 0
    assert "It holds no task history" in done.out
    assert "1 reports and summaries" in done.out


def test_a_database_without_a_history_yet_is_no_fault(
    postgres: Postgres, root: Path, history_url: str
) -> None:
    changes = {"PIPELINE_HISTORY_URL": history_url, "PATH": with_programs(postgres)}
    done = run("backup", "--runtime", "host", root=root, **changes)

    assert done.status == 0, done.output
    assert "It holds no task history" in done.out


def test_a_database_that_does_not_answer_is_one_sentence_and_costs_no_backup(
    postgres: Postgres, root: Path, closed_port: int
) -> None:
    old = made(root)
    url = postgres.url("luigi", port=closed_port)
    changes = {"PIPELINE_HISTORY_URL": url, "PATH": with_programs(postgres)}

    done = run("backup", "--runtime", "host", "--keep", "1", root=root, **changes)

    assert done.status == 1
    assert done.err.startswith("tmdb-pipeline: psql failed: ")
    assert "Connection refused" in done.err
    assert done.err.count("\n") == 1
    assert PASSWORD not in done.output
    assert os.listdir(root / "backups") == [old.name]


def test_only_its_owner_can_read_a_backup(root: Path) -> None:
    file = made(root)

    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


def test_existing_files_are_kept_without_the_option_to_replace_them(root: Path) -> None:
    file = made(root)
    report = root / "raw" / REPORT
    saved = report.read_bytes()
    report.write_text("{}")

    done = restored(file, root, "--json")
    assert document(done)["kept"] == [*CONFIGURATION, REPORT]
    assert report.read_text() == "{}"

    config = root.parent / "config"
    config.mkdir()
    (config / "collection.toml").write_text("# emptied by mistake\n")
    done = restored(file, root, "--overwrite", PIPELINE_CONFIG_DIR=str(config))
    assert done.status == 0, done.output
    assert report.read_bytes() == saved
    assert "[genres]" in (config / "collection.toml").read_text()


def test_nothing_is_restored_before_the_confirmation(root: Path) -> None:
    file = made(root)
    (root / "raw" / REPORT).unlink()

    done = run("restore", str(file), "--runtime", "host", root=root)

    assert done.status == 1
    assert "Shall it bring back what is missing of its 1 reports" in done.err
    assert not (root / "raw" / REPORT).exists()


def test_a_history_without_a_database_is_refused_unless_it_is_left_out(
    postgres: Postgres, root: Path, recorded_url: str
) -> None:
    file = made(root, PIPELINE_HISTORY_URL=recorded_url, PATH=with_programs(postgres))
    (root / "raw" / REPORT).unlink()

    refused = restored(file, root)
    assert refused.status == 1
    assert "PIPELINE_HISTORY_URL" in refused.err
    assert not (root / "raw" / REPORT).exists()

    assert restored(file, root, "--no-history").status == 0
    assert (root / "raw" / REPORT).exists()


def test_the_newest_complete_backups_and_foreign_files_are_kept(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    newest = made(root, "--to", str(folder))
    for day in range(1, 6):
        shutil.copy(newest, folder / f"tmdb-backup-2024010{day}T000000Z.tar.gz")
    damaged = folder / "tmdb-backup-20240109T000000Z.tar.gz"
    damaged.write_bytes(newest.read_bytes()[:-20])
    strangers = ["notes.txt", "tmdb-backup-20240101.tar.gz", "dump.sql.gz"]
    for name in strangers:
        shutil.copy(newest, folder / name)
    link = folder / "tmdb-backup-20200101T000000Z.tar.gz"
    link.symlink_to(newest)
    newest.rename(folder / "tmdb-backup-20240106T000000Z.tar.gz")

    done = run(
        "backup", "--to", str(folder), "--keep", "3", "--runtime", "host", "--json", root=root
    )

    report = document(done)
    assert report["removed"] == [f"tmdb-backup-2024010{day}T000000Z.tar.gz" for day in range(1, 5)]
    assert report["damaged"] == [damaged.name]
    kept = ["tmdb-backup-20240105T000000Z.tar.gz", "tmdb-backup-20240106T000000Z.tar.gz"]
    assert report["kept"] == [*kept, Path(report["file"]).name]
    others = [damaged.name, link.name, *strangers]
    assert sorted(os.listdir(folder)) == sorted([*report["kept"], *others])


def test_a_full_disk_is_one_sentence_and_costs_no_backup(root: Path) -> None:
    old = made(root)
    many = root / "raw/metadata/quality_reports"
    for number in range(200):
        (many / f"validation_report_{number}.json").write_text(os.urandom(500).hex())
    words = ["prlimit", "--fsize=20000", *WORDS, "backup", "--runtime", "host", "--keep", "1"]

    done = as_process(words, variables(root), root)

    assert done.status == 1
    assert "File too large" in done.err
    assert done.err.count("\n") == 1
    assert os.listdir(root / "backups") == [old.name]


def test_what_a_killed_backup_left_is_removed_by_the_next(root: Path) -> None:
    left = root / "backups" / ".tmdb-backup-killed"
    left.mkdir(parents=True)
    (left / "history.dump").write_bytes(b"half")

    made(root)

    assert not left.exists()


def test_a_second_backup_at_the_same_time_is_refused(root: Path) -> None:
    made(root)
    descriptor = os.open(root / "backups", os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        done = run("backup", "--runtime", "host", root=root)
    finally:
        os.close(descriptor)

    assert done.status == 1
    assert "Another backup or restore is at work" in done.err


@pytest.mark.parametrize("fault", FAULTY)
def test_a_file_that_is_no_backup_is_refused_and_leaves_nothing(fault: str, tmp_path: Path) -> None:
    file = tmp_path / "file.tar.gz"
    file.write_bytes(FAULTY[fault]())
    into = tmp_path / "deep" / "into"
    into.mkdir(parents=True)

    with pytest.raises(DataError, match="cannot be used") as refusal:
        archive.read(file, into=into)

    assert str(refusal.value).count("\n") == 0
    outside = {path for path in tmp_path.rglob("*") if path.is_file()} - set(into.rglob("*"))
    assert outside == {file}
    assert not Path("/tmp/escaped").exists()
    assert sum(path.stat().st_size for path in into.rglob("*") if path.is_file()) < 1000


def test_the_pattern_of_the_faulty_files_is_accepted_without_a_fault(tmp_path: Path) -> None:
    file = tmp_path / "file.tar.gz"
    file.write_bytes(backup({REPORT: b"{}"}))

    assert list(archive.read(file, into=tmp_path).members) == [REPORT]
    assert (tmp_path / REPORT).read_bytes() == b"{}"


def test_a_backup_that_was_cut_or_altered_anywhere_is_refused(root: Path, tmp_path: Path) -> None:
    whole = made(root).read_bytes()
    file = tmp_path / "file.tar.gz"
    for length in range(0, len(whole), 41):
        file.write_bytes(whole[:length])
        with pytest.raises(DataError):
            archive.read(file)
    for place in range(20, len(whole), 41):  # the first bytes hold nothing but gzip's own
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 0x55]) + whole[place + 1 :])
        with contextlib.suppress(DataError):
            archive.read(file)
            # Between its data and their sum gzip has a few bits without a meaning.
            assert gzip.decompress(file.read_bytes()) == gzip.decompress(whole)


@pytest.mark.parametrize("fault", ["up and out", "plain text", "a wrong checksum"])
def test_the_command_refuses_it_in_a_sentence_before_anything_is_touched(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, fault: str
) -> None:
    before, files = rows(postgres, recorded_database), contents(root)
    file = root.parent / "file.tar.gz"
    file.write_bytes(FAULTY[fault]())
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}

    done = restored(file, root, "--overwrite", **changes)

    assert done.status == 1
    assert done.err.count("\n") == 1
    assert "Nothing was changed" in done.err
    assert rows(postgres, recorded_database) == before
    assert contents(root) == files


def test_a_missing_backup_is_reported_in_a_sentence(root: Path) -> None:
    done = restored(root / "gone.tar.gz", root)

    assert done.status == 1
    assert done.err.startswith(f"tmdb-pipeline: {root}/gone.tar.gz cannot be read")
    assert done.err.endswith(": No such file or directory.\n")


@pytest.mark.parametrize("kind", ["noise", "another database's"])
def test_a_dump_that_is_not_the_history_s_is_refused_before_anything_is_touched(
    postgres: Postgres,
    root: Path,
    recorded_url: str,
    recorded_database: str,
    another_database: str,
    kind: str,
) -> None:
    before = rows(postgres, recorded_database)
    (root / "raw" / REPORT).unlink()
    dump = os.urandom(5000)
    if kind != "noise":
        other = another_database
        postgres.execute("CREATE TABLE tasks (id int)", database=other)
        postgres.execute(
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1'", database=other
        )
        words = [f"{postgres.bin}/pg_dump", "--format=custom", f"--port={postgres.port}"]
        words += [f"--host={postgres.socket_dir}", "--username=postgres", other]
        dump = subprocess.run(words, check=True, capture_output=True).stdout
    file = root.parent / "file.tar.gz"
    file.write_bytes(backup({"history.dump": dump, REPORT: b"{}"}))
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}

    done = restored(file, root, **changes)

    assert done.status == 1
    assert "The dump in the backup" in done.err
    assert done.err.count("\n") == 1
    assert rows(postgres, recorded_database) == before
    assert not (root / "raw" / REPORT).exists()


def test_the_manifest_tells_what_is_in_it(
    postgres: Postgres, root: Path, recorded_url: str
) -> None:
    file = made(root, PIPELINE_HISTORY_URL=recorded_url, PATH=with_programs(postgres))

    with tarfile.open(file) as tar:
        names = tar.getnames()
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]

    assert names == ["manifest.json", *manifest["members"]]
    assert list(manifest["members"]) == ["history.dump", REPORT, *CONFIGURATION]
    assert manifest["history_source"].startswith("pg_dump (PostgreSQL) 18")
    assert manifest["schema"] == 1


def test_a_restore_of_the_history_is_refused_while_the_luigid_of_the_data_root_works(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, tmp_path: Path
) -> None:
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    before = rows(postgres, recorded_database)
    with our_luigid(tmp_path / "luigid", PIPELINE_DATA_DIR=str(root)) as luigid:
        cfg = luigi_cfg(tmp_path / "luigi.cfg", luigid.url + "/")
        refused = restored(file, root, **changes, LUIGI_CONFIG_PATH=cfg)
        elsewhere = restored(file, tmp_path / "other", **changes, LUIGI_CONFIG_PATH=cfg)
        assert restored(file, root, "--no-history", LUIGI_CONFIG_PATH=cfg).status == 0

    assert refused.status == 1
    assert f"luigid runs at {luigid.url}/ and writes to the task history: stop it" in refused.err
    assert refused.err.count("\n") == 1
    assert elsewhere.status == 0, elsewhere.output
    assert rows(postgres, recorded_database) == before
    assert restored(file, root, **changes).status == 0
