"""A restore replaces the rows of the task history, and nothing else of the database."""

from __future__ import annotations

import contextlib
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.backup_files import REPORT, backup
from support.backup_runs import (
    TABLES,
    made,
    restored,
    rows,
    run,
    with_programs,
    write_history,
)
from support.operate import document
from support.postgres import Postgres

from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret

OF_OTHERS = (
    "CREATE TABLE task_instance (id integer PRIMARY KEY, state text)",
    "CREATE TABLE task_seq (id serial PRIMARY KEY)",
    "INSERT INTO task_instance VALUES (1, 'success')",
    "CREATE VIEW tasks_by_name AS SELECT name, count(*) FROM tasks GROUP BY name",
    "CREATE TABLE notes (task integer REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED, "
    "note text)",
    "INSERT INTO notes SELECT min(id), 'look at it' FROM tasks",
    "CREATE TABLE audit (at timestamptz DEFAULT now())",
    "CREATE FUNCTION note_it() RETURNS trigger LANGUAGE plpgsql AS "
    "'BEGIN INSERT INTO public.audit DEFAULT VALUES; RETURN NULL; END'",
    "CREATE TRIGGER audited AFTER DELETE ON task_events FOR EACH STATEMENT "
    "EXECUTE FUNCTION note_it()",
    "GRANT INSERT ON audit TO luigi",
    "ALTER TABLE task_events ADD COLUMN remark text DEFAULT 'none'",
)


def old_dump(server: Postgres, database: str) -> bytes:
    """What version 0.1.0 dumped: every table whose name begins with task."""
    words = [f"{server.bin}/pg_dump", "--format=custom", "--no-owner", "--no-privileges"]
    words += ["--table=public.task*", f"--port={server.port}", f"--host={server.socket_dir}"]
    words += ["--username=postgres", database]
    return subprocess.run(words, check=True, capture_output=True).stdout


@pytest.fixture
def reader(postgres: Postgres, recorded_database: str) -> str:
    """A role that may read the history, like that of a dashboard."""
    name = f"reader_of_{recorded_database}"
    postgres.execute(f"CREATE ROLE {name}", database=recorded_database)
    return name


def test_tables_views_triggers_and_grants_of_others_survive_a_restore(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, reader: str
) -> None:
    for statement in (*OF_OTHERS, f"GRANT SELECT ON tasks TO {reader}"):
        postgres.execute(statement, database=recorded_database)
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    before = rows(postgres, recorded_database)
    file = made(root, **changes)
    for statement in (
        "INSERT INTO task_instance VALUES (2, 'failed')",
        "UPDATE tasks SET name = 'wrong'",
        "DELETE FROM task_events WHERE id > 50",
    ):
        postgres.execute(statement, database=recorded_database)

    done = restored(file, root, **changes)

    assert done.status == 0, done.output
    assert rows(postgres, recorded_database) == before

    def ask(statement: str) -> list[tuple[object, ...]]:
        return postgres.execute(statement, database=recorded_database)

    assert ask("SELECT id FROM task_instance ORDER BY 1") == [(1,), (2,)]
    assert ask("SELECT * FROM tasks_by_name") == [("GenreMovies", 20)]
    assert ask("SELECT note FROM notes") == [("look at it",)]
    assert ask("SELECT count(*) > 0 FROM audit") == [(True,)]
    assert ask(f"SELECT has_table_privilege('{reader}', 'tasks', 'SELECT')") == [(True,)]


def test_a_backup_holds_no_table_of_others(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, tmp_path: Path
) -> None:
    for statement in OF_OTHERS:
        postgres.execute(statement, database=recorded_database)
    file = made(root, PIPELINE_HISTORY_URL=recorded_url, PATH=with_programs(postgres))

    subprocess.run(["tar", "-xzf", file, "-C", tmp_path, "history.dump"], check=True)
    words = [f"{postgres.bin}/pg_restore", "--list", f"{tmp_path}/history.dump"]
    listed = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    held = {line.split()[6] for line in listed.splitlines() if " TABLE DATA " in line}
    assert held == set(TABLES)
    assert not {"task_instance", "task_seq", "notes"} & set(listed.split())


def test_a_backup_of_the_first_version_restores_without_the_tables_of_others_in_it(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, another_database: str
) -> None:
    for statement in OF_OTHERS[:3]:
        postgres.execute(statement, database=recorded_database)
    before = rows(postgres, recorded_database)
    file = root.parent / "old.tar.gz"
    file.write_bytes(backup({"history.dump": old_dump(postgres, recorded_database), REPORT: b"{}"}))
    fresh = another_database
    postgres.execute("CREATE TABLE task_instance (mine text)", database=fresh)
    postgres.execute("INSERT INTO task_instance VALUES ('kept')", database=fresh)

    done = restored(
        file, root, PIPELINE_HISTORY_URL=postgres.url(fresh), PATH=with_programs(postgres)
    )

    assert done.status == 0, done.output
    assert rows(postgres, fresh) == before
    assert postgres.execute("SELECT * FROM task_instance", database=fresh) == [("kept",)]
    assert postgres.execute("SELECT to_regclass('task_seq')", database=fresh) == [(None,)]


@pytest.mark.parametrize("action", ["CASCADE", "SET NULL"])
def test_a_restore_that_would_delete_or_change_rows_of_others_is_refused(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str, action: str
) -> None:
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    for statement in (
        f"CREATE TABLE notes (task integer REFERENCES tasks (id) ON DELETE {action})",
        "INSERT INTO notes SELECT max(id) FROM tasks",
    ):
        postgres.execute(statement, database=recorded_database)
    before = rows(postgres, recorded_database)

    done = restored(file, root, **changes)

    assert done.status == 1
    assert "rows of notes refer to the task history" in done.err
    assert done.err.count("\n") == 1
    assert rows(postgres, recorded_database) == before
    assert len(postgres.execute("SELECT task FROM notes", database=recorded_database)) == 1


def test_a_table_that_drops_rows_fails_the_rehearsal_and_the_restore(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str
) -> None:
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    for statement in (
        "CREATE FUNCTION drop_it() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
        "CREATE TRIGGER dropped BEFORE INSERT ON task_failures FOR EACH ROW "
        "EXECUTE FUNCTION drop_it()",
    ):
        postgres.execute(statement, database=recorded_database)
    before = rows(postgres, recorded_database)

    done = restored(file, root, **changes)

    assert done.status == 1
    assert "the dump holds 40 rows of task_failures, and the database kept 0" in done.err
    assert rows(postgres, recorded_database) == before


def test_rows_that_the_database_would_not_take_again_fail_the_backup(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str
) -> None:
    postgres.execute(
        "ALTER TABLE tasks ADD CONSTRAINT odd CHECK (name = 'New') NOT VALID",
        database=recorded_database,
    )
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}

    done = run("backup", "--runtime", "host", root=root, **changes)

    assert done.status == 1
    assert "The dump cannot be restored into the database that it is from" in done.err
    assert done.err.count("\n") == 1
    assert list((root / "backups").iterdir()) == []


def test_a_role_without_temporary_tables_backs_up_and_that_it_was_not_rehearsed_is_said(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str
) -> None:
    for statement in (
        f"REVOKE TEMPORARY ON DATABASE {recorded_database} FROM PUBLIC",
        f"ALTER DATABASE {recorded_database} OWNER TO postgres",
    ):
        postgres.execute(statement, database=recorded_database)
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}

    done = run("backup", "--runtime", "host", root=root, **changes)

    assert done.status == 0, done.output
    assert "(20 tasks, not rehearsed: its role may not create temporary tables there)" in done.out


def test_a_rehearsal_leaves_nothing_in_the_database(
    postgres: Postgres, root: Path, recorded_url: str, recorded_database: str
) -> None:
    counted = "SELECT count(*), max(oid) FROM pg_class WHERE relkind IN ('r', 'S', 'i')"
    advanced = "SELECT last_value FROM tasks_id_seq"
    before = [postgres.execute(each, database=recorded_database) for each in (counted, advanced)]

    done = run("backup", "--runtime", "host", root=root, PIPELINE_HISTORY_URL=recorded_url,
               PATH=with_programs(postgres))  # fmt: skip

    assert "(20 tasks, accepted by its database in a rehearsal)" in done.out, done.output
    after = [postgres.execute(each, database=recorded_database) for each in (counted, advanced)]
    assert after == before


def test_a_history_in_a_schema_of_its_own_comes_back_there(
    postgres: Postgres, root: Path, history_url: str, history_database: str, another_database: str
) -> None:
    for statement in (
        "CREATE SCHEMA luigi AUTHORIZATION luigi",
        "CREATE TABLE public.tasks (mine text)",
        "INSERT INTO public.tasks VALUES ('kept')",
    ):
        postgres.execute(statement, database=history_database)
    store = write_history(history_url)  # the schema named like the role comes first
    runs = store.runs()
    changes = {"PIPELINE_HISTORY_URL": history_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    store.purge(datetime(2030, 1, 1, tzinfo=UTC))

    done = restored(file, root, **changes)

    assert done.status == 0, done.output
    assert store.runs() == runs
    store.close()
    assert postgres.execute("SELECT * FROM public.tasks", database=history_database) == [("kept",)]
    fresh = postgres.url(another_database)
    assert restored(file, root, PIPELINE_HISTORY_URL=fresh, PATH=changes["PATH"]).status == 0
    with contextlib.closing(HistoryStore(Secret(fresh))) as elsewhere:
        assert elsewhere.runs() == runs


def test_new_tasks_are_numbered_after_the_restored_ones_and_a_refusal_sets_nothing_back(
    postgres: Postgres, root: Path, history_url: str, history_database: str
) -> None:
    store = write_history(history_url)
    changes = {"PIPELINE_HISTORY_URL": history_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    new = Event("New", "TopRatedMovies", {}, None, "DONE", datetime.now(UTC))
    store.write([new])
    for statement in (
        "CREATE TABLE notes (task integer REFERENCES tasks (id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO notes SELECT max(id) FROM tasks",
    ):
        postgres.execute(statement, database=history_database)

    assert restored(file, root, **changes).status == 1  # at its very end, the COMMIT
    store.write([Event("Newer", "DailySummary", {}, None, "DONE", datetime.now(UTC))])

    postgres.execute("DROP TABLE notes", database=history_database)
    assert restored(file, root, **changes).status == 0
    store.write([new])
    assert len(store.runs()) == 61
    store.close()


def test_a_history_in_use_is_refused_with_what_to_do(
    postgres: Postgres,
    root: Path,
    recorded_url: str,
    recorded_database: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.ops.backup.database.LOCK_SECONDS", 0.2)
    changes = {"PIPELINE_HISTORY_URL": recorded_url, "PATH": with_programs(postgres)}
    file = made(root, **changes)
    postgres.execute("ALTER ROLE luigi SET statement_timeout = '50ms'", database="postgres")
    try:
        with postgres.locked(recorded_database):
            done = restored(file, root, **changes)
    finally:
        postgres.execute("ALTER ROLE luigi RESET statement_timeout", database="postgres")

    assert done.status == 1
    assert "lock timeout. Stop luigid (`tmdb-pipeline stop`)" in done.err
    assert done.err.count("\n") == 1


def test_a_dump_by_newer_programs_comes_back_into_the_older_server_it_is_from(
    postgres: Postgres, old_postgres: Postgres, root: Path
) -> None:
    """A newer pg_restore sets what the server does not know, like transaction_timeout."""
    database = old_postgres.new_database()
    url, path = old_postgres.url(database), with_programs(postgres)
    write_history(url).close()
    before = rows(old_postgres, database)

    done = run("backup", "--runtime", "host", "--json", root=root, PIPELINE_HISTORY_URL=url,
               PATH=path)  # fmt: skip
    assert done.status == 0, done.output
    assert document(done)["history_rehearsed"] is True
    old_postgres.execute("DELETE FROM task_failures", database=database)
    back = restored(Path(document(done)["file"]), root, PIPELINE_HISTORY_URL=url, PATH=path)

    assert back.status == 0, back.output
    assert rows(old_postgres, database) == before


def test_a_history_moves_from_an_older_server_to_a_newer_one_and_goes_on(
    postgres: Postgres, old_postgres: Postgres, root: Path, another_database: str
) -> None:
    """The upgrade of PostgreSQL: dumped by the old programs, restored by the new ones."""
    database = old_postgres.new_database()
    write_history(old_postgres.url(database)).close()
    old = {"PIPELINE_HISTORY_URL": old_postgres.url(database), "PATH": with_programs(old_postgres)}
    new = {"PIPELINE_HISTORY_URL": postgres.url(another_database), "PATH": with_programs(postgres)}

    done = restored(made(root, **old), root, **new)

    assert done.status == 0, done.output
    assert rows(postgres, another_database) == rows(old_postgres, database)
    with contextlib.closing(HistoryStore(Secret(postgres.url(another_database)))) as store:
        store.create_schema()
        store.write([Event("New", "TopRatedMovies", {}, None, "DONE", datetime.now(UTC))])
        assert len(store.runs(family="TopRatedMovies")) == 1
    made(root, **new)


def test_older_programs_are_refused_with_both_versions_and_the_cure(
    postgres: Postgres, old_postgres: Postgres, root: Path, recorded_url: str
) -> None:
    done = run("backup", "--runtime", "host", root=root, PIPELINE_HISTORY_URL=recorded_url,
               PATH=with_programs(old_postgres))  # fmt: skip

    assert done.status == 1
    assert "server version mismatch (server version: 18" in done.err
    assert "pg_dump version: 16" in done.err
    assert (
        "Install PostgreSQL's client programs of the version of the server and of the dump"
        in done.err
    )


def test_a_dump_of_newer_programs_is_refused_with_the_cure(
    postgres: Postgres, old_postgres: Postgres, root: Path, recorded_url: str
) -> None:
    variables = {"PIPELINE_HISTORY_URL": recorded_url}
    file = made(root, **variables, PATH=with_programs(postgres))
    back = restored(file, root, **variables, PATH=with_programs(old_postgres))

    assert back.status == 1
    assert "unsupported version" in back.err
    assert (
        "Install PostgreSQL's client programs of the version of the server and of the dump"
        in back.err
    )


@pytest.mark.parametrize("inside", [False, True])
def test_commands_in_a_forged_dump_are_not_run(
    postgres: Postgres,
    root: Path,
    recorded_url: str,
    recorded_database: str,
    tmp_path: Path,
    inside: bool,
) -> None:
    """As if pg_restore had printed them, before the rows of the tasks or among them."""
    before = rows(postgres, recorded_database)
    escaped = tmp_path / "escaped"
    forged = f"\\! touch {escaped}\n\\copy tasks to '{escaped}'\nDELETE FROM tasks;\n"
    header = "COPY public.tasks (id, task_id, name, host) FROM stdin;\n"
    (tmp_path / "text").write_text(header + forged if inside else forged + header)
    spies = tmp_path / "spies"
    spies.mkdir()
    spy = spies / "pg_restore"
    spy.write_text(
        f'#!/bin/sh\ncase "$*" in *--table=tasks\\ *) cat {tmp_path}/text; '
        f"{postgres.bin}/pg_restore \"$@\" | sed '1,/^COPY/d';;\n"
        f'*) exec {postgres.bin}/pg_restore "$@";; esac\n'
    )
    spy.chmod(0o755)
    path = with_programs(postgres)
    file = made(root, PIPELINE_HISTORY_URL=recorded_url, PATH=path)

    done = restored(file, root, PIPELINE_HISTORY_URL=recorded_url, PATH=f"{spies}:{path}")

    assert (done.status, rows(postgres, recorded_database)) == (int(inside), before), done.output
    assert not escaped.exists()
