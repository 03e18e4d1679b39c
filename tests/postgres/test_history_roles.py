"""The roles of the task history in the compose stack, by the script that makes them."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from support.postgres import Postgres, running_postgres
from support.repository import REPOSITORY
from support.warehouse import ALL, load

from pipeline.ops.history.store import Event, HistoryStore
from pipeline.tmdb.credential import Secret
from pipeline.warehouse.store import Warehouse
from pipeline.warehouse.tables import VIEW_NAMES

SCRIPT = REPOSITORY / "config/docker/history-roles"
PASSWORD = 'it\'s a "password" with $ and \\'
EVENT = Event("T_1", "T", {"date": "2024-01-07"}, None, "DONE", datetime(2024, 1, 7, tzinfo=UTC))


@pytest.fixture
def server(postgres: Postgres) -> Iterator[Postgres]:
    """A server as the official image makes it, with the database luigi and no other role."""
    with running_postgres() as server:
        server.execute("DROP ROLE luigi", database="postgres")
        server.execute("CREATE DATABASE luigi", database="postgres")
        yield server


@pytest.fixture
def old_server(server: Postgres) -> Postgres:
    """A volume of 0.1.0: its superuser is called luigi, and owns the tables."""
    server.execute("CREATE ROLE other SUPERUSER LOGIN", database="postgres")
    execute(server, "other", "ALTER ROLE postgres RENAME TO luigi")
    execute(server, "luigi", "DROP ROLE other")
    return server


def execute(server: Postgres, user: str, statement: str) -> list[tuple[object, ...]]:
    """Run a statement as a role, over the socket."""
    connection = psycopg2.connect(
        host=str(server.socket_dir), port=server.port, user=user, dbname="luigi"
    )
    with contextlib.closing(connection):
        connection.autocommit = True
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []


def make_roles(server: Postgres) -> None:
    env = {**os.environ, "PATH": f"{server.bin}:{os.environ['PATH']}"}
    env |= {"PGHOST": str(server.socket_dir), "PGPORT": str(server.port)}
    env |= {"POSTGRES_DB": "luigi", "POSTGRES_PASSWORD": PASSWORD}
    done = subprocess.run([SCRIPT], env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert PASSWORD not in done.stdout + done.stderr


def write(server: Postgres) -> int:
    """Write an event as luigid does, and return how many runs there are."""
    url = f"postgresql+psycopg2://luigi@/luigi?host={server.socket_dir}&port={server.port}"
    with contextlib.closing(HistoryStore(Secret(url))) as store:
        store.create_schema()
        store.write([EVENT])
        return len(store.runs())


def superusers(server: Postgres) -> list[tuple[object, ...]]:
    query = "SELECT rolname, rolpassword IS NULL FROM pg_authid WHERE rolsuper"
    return execute(server, "postgres", query)


@pytest.mark.parametrize("age", ["new", "old"])
def test_luigid_writes_as_a_role_that_is_no_superuser(
    age: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server" if age == "new" else "old_server")
    if age == "old":
        assert write(server) == 1, "it has to work until the command is run"
    for _ in range(2):
        make_roles(server)
        assert write(server) == 1
        assert superusers(server) == [("postgres", True)]
    with pytest.raises(psycopg2.errors.InsufficientPrivilege):
        execute(server, "luigi", "COPY tasks TO PROGRAM 'cat'")


@pytest.mark.parametrize("age", ["new", "old"])
def test_dashboards_may_read_and_nothing_else(age: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue("server" if age == "new" else "old_server")
    make_roles(server)
    write(server)
    assert execute(server, "luigi_reader", "SELECT name FROM tasks") == [("T",)]
    for statement in ("DELETE FROM tasks", "CREATE TABLE x (y integer)"):
        with pytest.raises(psycopg2.Error):
            execute(server, "luigi_reader", f"SET default_transaction_read_only = off; {statement}")


@pytest.mark.parametrize("age", ["new", "old"])
def test_the_warehouse_has_a_role_of_its_own_and_a_reader_of_its_views(
    age: str, request: pytest.FixtureRequest
) -> None:
    server = request.getfixturevalue("server" if age == "new" else "old_server")
    make_roles(server)
    write(server)
    url = f"postgresql+psycopg2://warehouse@/luigi?host={server.socket_dir}&port={server.port}"
    warehouse = Warehouse(Path("/nowhere"), Secret(url))
    for _ in range(2):
        load(warehouse, ALL)
        for view in VIEW_NAMES:
            assert execute(server, "warehouse_reader", f"SELECT COUNT(*) FROM {view}") > [(0,)]
        execute(server, "postgres", "REVOKE SELECT ON warehouse.ranks FROM warehouse_reader")
        make_roles(server)
    refused = {
        "warehouse": ["SELECT 1 FROM public.tasks", "CREATE SCHEMA other"],
        "luigi": ["SELECT 1 FROM warehouse.ranks"],
        "luigi_reader": ["SELECT 1 FROM warehouse.ranks"],
        "warehouse_reader": [
            "SELECT 1 FROM public.tasks", "SELECT 1 FROM entries",
            "BEGIN READ WRITE; DELETE FROM entries",
            "BEGIN READ WRITE; CREATE TABLE x (y integer)",
        ],
    }  # fmt: skip
    for role, statements in refused.items():
        for statement in statements:
            with pytest.raises(psycopg2.errors.InsufficientPrivilege):
                execute(server, role, statement)


def test_the_script_is_run_by_the_image_and_by_hand() -> None:
    assert os.access(SCRIPT, os.X_OK)
    text = Path(REPOSITORY / "docker-compose.yml").read_text("utf-8")
    for place in ("/usr/local/bin/history-roles", "/docker-entrypoint-initdb.d/history-roles.sh"):
        assert f"- ./config/docker/history-roles:{place}:ro" in text
