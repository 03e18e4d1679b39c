"""What a backup without its task history does: it fails, alerts, and costs no older one."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.backup_files import REPORT, backup, manifest
from support.backup_runs import (
    made,
    restored,
    run,
    variables,
    with_programs,
)
from support.luigi_runs import as_process
from support.operate import WORDS, document
from support.ports import free_port
from support.postgres import PASSWORD, Postgres
from support.receivers import Receiver

from pipeline.errors import StorageError
from pipeline.ops.backup import database
from pipeline.ops.backup.database import Server
from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

DUMP = {"history.dump": b"a dump", REPORT: b"{}"}
REPORTS = {REPORT: b"{}"}


def put(folder: Path, day: int, members: dict[str, bytes]) -> str:
    """A whole backup of that day, with or without a history; its name."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tmdb-backup-202401{day:02}T043000Z.tar.gz"
    path.write_bytes(backup(members))
    return path.name


def put_history(folder: Path, day: int, tasks: int) -> str:
    """A whole backup of that day with a history of so many tasks; its name."""
    name = put(folder, day, {})
    said = manifest(DUMP, history_source="pg_dump", history_rows={"tasks": tasks})
    (folder / name).write_bytes(backup(DUMP, said=said))
    return name


def put_aged(folder: Path, age: timedelta, members: dict[str, bytes]) -> Path:
    """A whole backup that is so old."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"tmdb-backup-{datetime.now(UTC) - age:%Y%m%dT%H%M%SZ}.tar.gz"
    path.write_bytes(backup(members))
    return path


def test_the_newest_backup_with_a_history_stays_however_many_without_follow(root: Path) -> None:
    """Three nights with a history, seventeen without, keep fourteen."""
    folder = root / "backups"
    with_history = [put(folder, day, DUMP) for day in (1, 2, 3)]
    without = [put(folder, day, REPORTS) for day in range(4, 21)]

    file = made(root, "--no-history")

    kept = sorted(os.listdir(folder))
    assert kept == [with_history[-1], *without[-13:], file.name]


def test_the_history_stays_even_where_one_backup_is_kept(root: Path) -> None:
    folder = root / "backups"
    name = put(folder, 1, DUMP)

    for _ in range(3):
        file = made(root, "--no-history", "--keep", "1")

    assert sorted(os.listdir(folder)) == [name, file.name]


def test_the_large_history_of_before_stays_after_the_database_was_replaced(root: Path) -> None:
    """The first run into a new volume makes a history of some tasks."""
    folder = root / "backups"
    large = [put_history(folder, day, 4000 + day) for day in (1, 2)]
    small = [put_history(folder, day, 4 * day) for day in range(3, 9)]

    file = made(root, "--no-history", "--keep", "3")
    assert sorted(os.listdir(folder)) == [large[-1], *small[-2:], file.name]

    recovered = put_history(folder, 9, 2200)
    newer = made(root, "--no-history", "--keep", "2")
    assert sorted(os.listdir(folder)) == [recovered, file.name, newer.name]


@pytest.mark.parametrize("runtime", ["host", "auto"])
def test_a_history_that_is_not_known_any_more_fails_the_backup(root: Path, runtime: str) -> None:
    """An .env that is not found, a variable that is lost."""
    name = put(root / "backups", 1, DUMP)

    done = run("backup", "--runtime", runtime, root=root)

    assert done.status == 1
    assert f"{name} holds a task history, and no database is known here" in done.err
    assert "see that PIPELINE_HISTORY_URL names" in done.err
    assert "--no-history" in done.err
    assert done.err.count("\n") == 1
    assert os.listdir(root / "backups") == [name]


def test_a_history_that_is_known_from_the_usual_folder_fails_a_backup_to_another(
    root: Path, tmp_path: Path
) -> None:
    put(root / "backups", 1, DUMP)

    done = run("backup", "--runtime", "host", "--to", str(tmp_path / "new"), root=root)

    assert done.status == 1
    assert "holds a task history" in done.err
    assert os.listdir(tmp_path / "new") == []


@pytest.mark.parametrize("emptied", ["no tables", "no rows"])
def test_a_database_that_lost_its_history_fails_the_backup(
    postgres: Postgres, root: Path, history_url: str, emptied: str
) -> None:
    name = put(root / "backups", 1, DUMP)
    if emptied == "no rows":
        with contextlib.closing(HistoryStore(Secret(history_url))) as store:
            store.create_schema()
    changes = {"PIPELINE_HISTORY_URL": history_url, "PATH": with_programs(postgres)}

    done = run("backup", "--runtime", "host", root=root, **changes)

    assert done.status == 1
    assert f"{name} holds a task history, and its database holds none" in done.err
    assert "`tmdb-pipeline restore " in done.err
    assert os.listdir(root / "backups") == [name]


def test_a_fresh_history_without_a_run_is_no_fault(
    postgres: Postgres, root: Path, history_url: str
) -> None:
    with contextlib.closing(HistoryStore(Secret(history_url))) as store:
        store.create_schema()
    changes = {"PIPELINE_HISTORY_URL": history_url, "PATH": with_programs(postgres)}

    for _ in range(2):
        done = run("backup", "--runtime", "host", root=root, **changes)
        assert done.status == 0, done.output
        assert "It holds no task history: none was recorded yet" in done.out


@pytest.mark.parametrize(
    "fault", ["down", "role", "no program", "half of its tables", "view", "view of failures"]
)
def test_a_history_that_cannot_be_dumped_fails_the_backup_and_costs_none(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, fault: str
) -> None:
    changes: dict[str, str | None] = {
        "PIPELINE_HISTORY_URL": recorded_url,
        "PATH": with_programs(postgres),
    }
    old = made(root, **changes)
    if fault == "down":
        changes["PIPELINE_HISTORY_URL"] = postgres.url("luigi", port=free_port())
    elif fault == "role":
        changes["PIPELINE_HISTORY_URL"] = recorded_url.replace("luigi:", "nobody:")
    elif fault == "no program":
        (root.parent / "empty").mkdir()
        changes["PATH"] = str(root.parent / "empty")
    elif fault == "half of its tables":
        postgres.execute("DROP TABLE task_events CASCADE", database=recorded_database)
    else:
        name = "task_events" if fault == "view" else "task_failures"
        for statement in (
            f"ALTER TABLE {name} RENAME TO kept",
            f"CREATE VIEW {name} AS TABLE kept",
            f"ALTER VIEW {name} OWNER TO luigi",
        ):
            postgres.execute(statement, database=recorded_database)

    done = run("backup", "--runtime", "host", "--keep", "1", root=root, **changes)

    assert done.status == 1
    assert done.err.count("\n") == 1
    assert PASSWORD not in done.output
    assert os.listdir(root / "backups") == [old.name]


def test_a_program_that_hangs_ends_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As psql does where the server is frozen."""
    hanging = tmp_path / "psql"
    hanging.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    hanging.chmod(0o755)
    monkeypatch.setattr("pipeline.ops.backup.database.TIMEOUT_SECONDS", 0.2)
    frozen = Server((), "postgresql://luigi@localhost/luigi", {"PATH": str(tmp_path)})

    with pytest.raises(StorageError, match="psql did not end within"):
        database.dump(frozen, tmp_path / "dump")


def test_a_partitioned_table_whose_rows_are_not_dumped_fails_the_backup(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str
) -> None:
    for statement in (
        "ALTER TABLE task_events RENAME TO task_events_all",
        "CREATE TABLE task_events (LIKE task_events_all) PARTITION BY RANGE (ts)",
        "CREATE TABLE part PARTITION OF task_events DEFAULT",
        "INSERT INTO task_events SELECT * FROM task_events_all",
        "ALTER TABLE task_events OWNER TO luigi",
    ):
        postgres.execute(statement, database=recorded_database)
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}

    done = run("backup", "--runtime", "host", root=root, **changes)

    assert done.status == 1
    assert "no rows to dump of task_events" in done.err


def test_a_stack_that_is_set_up_and_down_fails_the_backup(root: Path, tmp_path: Path) -> None:
    """`auto` would else take this host for one without a history."""
    Path("docker-compose.yml").write_text("services: {}\n")
    Path(".env").write_text("POSTGRES_PASSWORD=correct-horse\n")

    done = run("backup", root=root)
    assert done.status == 1
    assert "The compose stack of this folder does not run" in done.err
    assert done.err.count("\n") == 1

    Path(".env").write_text("POSTGRES_PASSWORD=\n")
    assert run("backup", root=root).status == 0


def test_an_unattended_backup_that_fails_alerts_and_the_next_complete_one_gives_the_all_clear(
    root: Path, receiver: Receiver
) -> None:
    name = put(root / "backups", 1, DUMP)
    alert = {"PIPELINE_ALERT_URL": receiver.url}

    assert run("backup", "--runtime", "host", root=root, **alert).status == 1
    assert receiver.titles == ["The backup failed"]
    assert "no database is known here" in receiver.messages[0]["message"]

    (root / "backups" / name).unlink()
    assert run("backup", "--runtime", "host", root=root, **alert).status == 0
    assert len(receiver.titles) == 2
    assert "The backup is complete: " in receiver.messages[1]["message"]


@pytest.mark.parametrize("fault", ["folder", "setting", "report"])
def test_every_failure_of_a_backup_is_alerted(root: Path, receiver: Receiver, fault: str) -> None:
    changes: dict[str, str | None] = {"PIPELINE_ALERT_URL": receiver.url}
    words = ["backup", "--runtime", "host"]
    if fault == "folder":
        (root / "file").touch()
        words += ["--to", str(root / "file" / "folder")]
    elif fault == "setting":
        changes["TMDB_REGION"] = "Korea"
    else:
        (root / "raw/metadata").rename(root / "raw/elsewhere")
        (root / "raw/metadata").write_text("no folder")

    done = run(*words, root=root, **changes)

    assert done.status == 1, done.out
    assert done.err.count("\n") == 1
    assert receiver.titles == ["The backup failed"]


def test_a_full_disk_is_alerted_of(root: Path, receiver: Receiver) -> None:
    env = {**variables(root), "PIPELINE_ALERT_URL": receiver.url}

    done = as_process(["prlimit", "--fsize=100", *WORDS, "backup", "--runtime", "host"], env, root)

    assert done.status == 1, done.out
    assert done.err.count("\n") == 1
    assert receiver.titles == ["The backup failed"]


def test_a_backup_at_a_terminal_alerts_nobody(root: Path, receiver: Receiver) -> None:
    put(root / "backups", 1, DUMP)
    env = {**variables(root), "PIPELINE_ALERT_URL": receiver.url}
    terminal, its_other_end = pty.openpty()
    try:
        done = subprocess.run([*WORDS, "backup", "--runtime", "host"], env=env,
                              stderr=its_other_end, timeout=60, check=False)  # fmt: skip
        said = os.read(terminal, 4096).decode()
    finally:
        os.close(terminal)
        os.close(its_other_end)

    assert done.returncode == 1
    assert "no database is known here" in said
    assert receiver.messages == []


def test_a_new_backup_is_never_removed_by_ones_with_a_later_date(root: Path) -> None:
    """As a clock that was once wrong leaves them."""
    folder = root / "backups"
    for day in (1, 2):
        (folder / put(folder, day, REPORTS)).rename(
            folder / f"tmdb-backup-2999010{day}T043000Z.tar.gz"
        )

    file = made(root, "--keep", "1")

    assert file.exists()
    assert os.listdir(folder) == [file.name]


def test_two_backups_of_one_second_are_two_files(root: Path) -> None:
    files = {made(root, "--keep", "99") for _ in range(3)}
    assert len(files) == 3
    assert all(file.exists() for file in files)


@pytest.fixture
def open_root(root: Path) -> Iterator[Path]:
    """A data root with one report, below folders that other users can enter."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield shutil.copytree(root, Path(folder) / "data")


def backup_by_another_user(root: Path, *of_root: Path) -> subprocess.CompletedProcess[str]:
    """A backup by a user who owns the data root but for these files."""
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root, with setpriv, can become another user")
    for path in (root, *root.rglob("*")):
        os.chown(path, *((0, 0) if path in of_root else (12345, 12345)))
    words = ["setpriv", "--reuid=12345", "--regid=12345", "--clear-groups", *WORDS]
    words += ["backup", "--runtime", "host", "--json"]
    env = {**variables(root), "HOME": str(root), "TMPDIR": "/tmp"}
    done = subprocess.run(words, env=env, cwd=root, capture_output=True, text=True, timeout=60,
                          check=False)  # fmt: skip
    if done.returncode not in (0, 1):
        pytest.skip(f"another user cannot run this interpreter: {done.stderr[-200:]}")
    return done


def test_a_backup_that_root_left_is_not_taken_for_a_damaged_one(open_root: Path) -> None:
    name = put(open_root / "backups", 1, REPORTS)
    (open_root / "backups" / name).chmod(0o600)

    done = backup_by_another_user(open_root, open_root / "backups" / name)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["unreadable"] == [name]
    assert json.loads(done.stdout)["damaged"] == []


@pytest.mark.parametrize("place", ["backups", "raw/metadata/quality_reports"])
def test_a_folder_that_root_left_fails_the_backup_with_the_cure(
    open_root: Path, place: str
) -> None:
    """Of reports that cannot be read it would else hold none."""
    (open_root / place).mkdir(exist_ok=True)
    (open_root / place).chmod(0o700)

    done = backup_by_another_user(open_root, open_root / place)

    assert done.returncode == 1, done.stdout
    assert f"(chown 12345 {open_root / place})" in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_root_backs_up_and_restores_belongs_to_the_owner_of_the_data_root(
    root: Path, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root makes files of others")
    user = 12345
    os.chown(root, user, user)
    file = made(root)
    shutil.copy(file, tmp_path / "file.tar.gz")
    shutil.rmtree(root / "raw")

    assert restored(tmp_path / "file.tar.gz", root).status == 0

    owners = {path: path.stat().st_uid for path in root.rglob("*")}
    assert set(owners.values()) == {user}, owners


def test_a_restore_says_what_became_of_the_history(root: Path) -> None:
    file = root.parent / "file.tar.gz"
    file.write_bytes(backup(REPORTS))
    assert "The backup holds no task history" in restored(file, root).out

    file.write_bytes(backup(DUMP))
    assert "was left out" in restored(file, root, "--no-history").out


def test_a_backup_without_a_history_restores_where_no_program_of_postgresql_is(
    root: Path, history_url: str
) -> None:
    file = root.parent / "file.tar.gz"
    file.write_bytes(backup(REPORTS))

    done = restored(file, root, PIPELINE_HISTORY_URL=history_url, PATH=str(root))

    assert done.status == 0, done.output


def test_the_identity_and_both_configurations_are_saved_and_an_identity_is_never_replaced(
    root: Path, tmp_path: Path
) -> None:
    identity = root / "root.json"
    identity.write_text('{"source": "tmdb", "language": "ko-KR", "region": "KR"}\n')
    saved = identity.read_text()
    file = made(root)
    shutil.move(file, tmp_path / "file.tar.gz")
    config = tmp_path / "config"
    config.mkdir()

    identity.unlink()
    done = restored(tmp_path / "file.tar.gz", root, "--json", PIPELINE_CONFIG_DIR=str(config))
    assert done.status == 0, done.output
    assert identity.read_text() == saved
    assert {path.name for path in config.iterdir()} == {"collection.toml", "quality.toml"}

    identity.write_text('{"source": "tmdb", "language": "en-US", "region": "US"}\n')
    done = restored(tmp_path / "file.tar.gz", root, "--json", "--overwrite")
    assert done.status == 1
    assert "belongs to" in done.err
    assert "en-US" in identity.read_text()


def test_a_file_that_cannot_be_restored_fails_the_command_and_it_can_be_run_again(
    postgres: Postgres, root: Path, recorded_url: str
) -> None:
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    shutil.rmtree(root / "raw")
    (root / "raw").write_text("no folder")

    done = restored(file, root, **changes)

    assert done.status == 1
    assert f"{root}/raw" in done.err
    assert "run the command again" in done.err
    assert done.err.count("\n") == 1
    (root / "raw").unlink()
    assert restored(file, root, **changes).status == 0


def probed(root: Path, **changes: str | None) -> dict[str, str]:
    done = run("doctor", "--runtime", "host", "--json", root=root, **changes)
    (found,) = (each for each in document(done)["findings"] if each["probe"] == "backups")
    assert isinstance(found, dict)
    return found


def test_doctor_is_content_with_a_fresh_installation(root: Path) -> None:
    shutil.rmtree(root)
    assert probed(root)["state"] == "ok"
    made(root)
    assert probed(root)["state"] == "ok"
    assert "0 h old, without a task history" in probed(root)["found"]


def test_doctor_shows_age_and_content_of_the_newest_backup(
    postgres: Postgres, root: Path, recorded_url: str
) -> None:
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)

    found = probed(root, **changes)

    assert found["state"] == "ok"
    assert found["found"] == f"{file.name}, 0 h old, with the task history of 20 tasks"


@pytest.mark.parametrize("known_by", ["setting", "earlier backup"])
def test_doctor_warns_of_a_newest_backup_without_the_history(
    root: Path, history_url: str, known_by: str
) -> None:
    folder = root / "backups"
    put_aged(folder, timedelta(hours=1), REPORTS)
    changes: dict[str, str | None] = {}
    if known_by == "setting":
        changes = {"PIPELINE_HISTORY_URL": history_url}
    else:
        assert probed(root)["state"] == "ok"
        put_aged(folder, timedelta(hours=26), DUMP)

    found = probed(root, **changes)

    assert found["state"] == "warning"
    assert "without a task history" in found["found"]
    assert "PIPELINE_HISTORY_URL" in found["fix"]


def test_doctor_warns_of_backups_that_stopped_were_never_made_or_are_damaged(root: Path) -> None:
    folder = root / "backups"
    day = datetime.now(UTC) - timedelta(days=5)
    summary = root / f"raw/metadata/daily_summaries/daily_summary_{day:%Y%m%d}.json"
    summary.parent.mkdir(parents=True)
    summary.write_text("{}")
    assert probed(root)["state"] == "warning"

    put_aged(folder, timedelta(hours=49), REPORTS)
    stopped = probed(root)
    assert (stopped["state"], "49 h old" in stopped["found"]) == ("warning", True)

    put_aged(folder, timedelta(hours=47), REPORTS)
    assert probed(root)["state"] == "ok"

    cut = put_aged(folder, timedelta(hours=1), REPORTS)
    cut.write_bytes(cut.read_bytes()[:-9])
    damaged = probed(root)
    assert (damaged["state"], f"{cut.name} is damaged" in damaged["found"]) == ("warning", True)


def test_doctor_warns_of_a_backup_from_the_future_that_hides_the_others(root: Path) -> None:
    put_aged(root / "backups", -timedelta(days=400), REPORTS)
    found = probed(root)
    assert found["state"] == "warning"
    assert "its date is in the future" in found["fix"]
