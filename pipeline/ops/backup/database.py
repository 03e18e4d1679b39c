"""The task history in its database: dumped, rehearsed, and restored as rows by SQL of our own.

Of a dump only the rows of our tables are used, so that a role that owns them can restore it, into a
server of any version since PostgreSQL 10. A password reaches PostgreSQL's programs by their
environment, never by their arguments, which every user of the machine can list.
"""

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import IO, NamedTuple

from pipeline import settings
from pipeline.errors import DataError, StorageError
from pipeline.ops.history import schema
from pipeline.ops.history.schema import DATABASE, TABLE_NAMES
from pipeline.ops.runtimes import compose
from pipeline.ops.settings import environment, history_url
from pipeline.postgres import make_engine

TIMEOUT_SECONDS = 1200.0  # of one program: less than tmdb-backup.service has in all
LOCK_SECONDS = 10.0  # for which a rehearsal or a restore waits for tables that others have locked

# The kind of each table, `-` where it is missing; and whether temporary ones may be made.
_LOOK = f"""
SELECT string_agg(coalesce(CAST(relkind AS text), '-'), '' ORDER BY place),
    has_database_privilege(current_database(), 'TEMP') AND NOT pg_is_in_recovery()
FROM unnest(ARRAY{list(TABLE_NAMES)}) WITH ORDINALITY AS wanted (name, place)
LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)"""  # noqa: S608  names of our own

_INSTALL = (
    "Install PostgreSQL's client programs of the version of the server and of the dump, or newer "
    "(Debian: apt install postgresql-client)."
)
_ADVICE = {  # by a part of PostgreSQL's error message
    **dict.fromkeys(("server version mismatch", "unsupported version"), _INSTALL),
    "lock timeout": "Stop luigid (`tmdb-pipeline stop`) and what else uses the task history, and "
    "run the command again.",
}


class Server(NamedTuple):
    """Where a database is: the words before a program, the database's URL, and the environment."""

    command: tuple[str, ...]
    target: str
    environment: Mapping[str, str] | None

    def run(
        self, program: str, *words: str, source: Path | None = None, output: Path | None = None
    ) -> str:
        """Run a program on a file; return what it prints, or have it written to another one."""
        with contextlib.ExitStack() as opened:
            given = opened.enter_context((source or Path(os.devnull)).open("rb"))
            printed = opened.enter_context(output.open("wb")) if output else subprocess.PIPE
            try:
                done = subprocess.run(  # noqa: S603  no shell
                    [*self.command, program, *words], stdin=given, stdout=printed, check=False,
                    stderr=subprocess.PIPE, env=self.environment, timeout=TIMEOUT_SECONDS,
                )  # fmt: skip
            except FileNotFoundError:
                raise StorageError(f"{program} is not on the PATH. {_INSTALL}") from None
            except subprocess.TimeoutExpired:
                text = f"{program} did not end within {TIMEOUT_SECONDS / 60:g} minutes"
                raise StorageError(f"{text}: see whether PostgreSQL answers.") from None
        if done.returncode:
            raise StorageError(f"{program} failed: {_message(done.stderr)}")
        return (done.stdout or b"").decode(errors="replace")

    def run_sql(self, *words: str, source: Path | None = None) -> str:
        """Run SQL and return what it prints; a file of SQL ends at its first error."""
        quiet = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password")
        return self.run("psql", *quiet, "--set=ON_ERROR_STOP=1", *words, self.target, source=source)


def server_of(runtime: str) -> Server | None:
    """Return the server of the runtime of that name; None where no history is kept.

    `auto` is the address in PIPELINE_HISTORY_URL, or the compose stack that is set up here.
    """
    url = history_url()
    if runtime != "compose" and url:
        address = make_engine(DATABASE, url).url
        password = address.query.get("password") or address.password
        given = {"PGPASSWORD": str(password)} if password else {}
        variables = {"PGCONNECT_TIMEOUT": "10", **environment(), **given, "LC_ALL": "C"}
        public = address._replace(password=None).difference_update_query(["password"])
        return Server((), public.set(drivername="postgresql").render_as_string(), variables)
    if runtime == "compose" or (runtime == "auto" and compose.Compose.absence() is None):
        inside = (*compose.docker_compose(), "exec", "-T", "-e", "LC_ALL=C", "postgres")
        return Server(inside, "postgresql://luigi@/luigi", None)
    is_set_up = compose.FILE.is_file() and settings.dotenv().get("POSTGRES_PASSWORD", "").strip()
    if runtime == "auto" and is_set_up:
        raise StorageError(
            "The compose stack of this folder does not run, or docker does not answer, so its task "
            "history is out of reach: `tmdb-pipeline start --runtime compose` starts it; "
            "--no-history leaves the history out."
        )
    return None


def dump(server: Server, path: Path) -> tuple[dict[str, int], bool] | None:
    """Dump the history's tables; return the rows of each, and whether a rehearsal accepted them.

    Where the role may not create temporary tables, there is no rehearsal; without rows, no dump.
    """
    kinds, _, may_rehearse = server.run_sql(f"--command={_LOOK}").strip().partition("|")
    if not kinds.strip("-"):
        return None
    if absent := [name for name, kind in zip(TABLE_NAMES, kinds, strict=True) if kind != "r"]:
        raise StorageError(
            f"The task history is not whole: there are no rows to dump of {', '.join(absent)}. See "
            "that it is a plain table of the database; luigid creates a missing one when it starts."
        )
    words = ("--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s")
    tables = (f"--table={name}" for name in TABLE_NAMES)
    server.run("pg_dump", *words, "--no-password", *tables, server.target, output=path)
    script = path.with_suffix(".sql")
    rows = _write_sql("rehearse.sql", "pg_temp.rehearsed_", server, path, script)
    try:
        if may_rehearse == "t":
            server.run_sql(source=script)
    except StorageError as error:
        text = f"The dump cannot be restored into the database that it is from: {error}"
        raise StorageError(text) from None
    return (rows, may_rehearse == "t") if any(rows.values()) else None


def write_restore(server: Server, dump: Path, script: Path) -> None:
    """Write the SQL that replaces the history by that of a dump, or raise DataError."""
    try:
        rows = _write_sql("restore.sql", "", server, dump, script)
    except StorageError as error:
        raise DataError(f"The dump in the backup cannot be used: {error}") from None
    if absent := ", ".join(sorted(set(TABLE_NAMES) - set(rows))):
        raise DataError(
            "The dump in the backup is not of luigi's task history: it lacks the rows of "
            f"{absent}. Nothing was changed."
        )


def _write_sql(name: str, prefix: str, server: Server, dump: Path, script: Path) -> dict[str, int]:
    """Write a file of SQL around the rows of a dump; return the number of those of each table."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    start, _, end = text.partition("{rows}")
    start = start.format(
        lock_timeout=f"{LOCK_SECONDS * 1000:.0f}ms", lock=schema.LOCK,
        relations=str(schema.relations())[1:-1], create="; ".join(schema.statements()),
    )  # fmt: skip
    rows: dict[str, int] = {}
    printed = script.with_suffix(".rows")
    with script.open("wb") as sql:
        sql.write(start.encode())
        for table in TABLE_NAMES:
            words = ("--data-only", f"--table={table}", "--file=-")
            server.run("pg_restore", *words, source=dump, output=printed)
            if (count := _copy_rows(printed, f"{prefix}{table}", sql)) is not None:
                rows[table] = count
        sql.write(end.format(**dict.fromkeys(TABLE_NAMES, 0) | rows).encode())
    return rows


def _copy_rows(printed: Path, target: str, sql: IO[bytes]) -> int | None:
    """Write the rows that pg_restore printed; return how many there are, None without a table.

    Its other statements are left out: a newer one sets what an older server does not know.
    """
    count: int | None = None
    with printed.open("rb") as lines:
        for line in lines:
            if count is not None:
                sql.write(line)
                if line == b"\\.\n":
                    break
                count += 1
            elif found := re.fullmatch(rb"COPY \S+ (\([\w, ]+\) FROM stdin;\n)", line):
                sql.write(b"COPY %s %s" % (target.encode(), found[1]))
                count = 0
            elif re.fullmatch(rb"SET client_encoding = '\w+';\n", line):
                sql.write(line)
    return count


def _message(stderr: bytes) -> str:
    """Return the error in what a program printed, without secrets, with what to do about it."""
    text = stderr.decode(errors="replace").strip()
    error = re.search(r"(?:error: |ERROR: )+ *(.+)", text)
    detail = re.search(r"detail: (.+)", text)
    found = error[1] if error else text.rpartition("\n")[2] or "it did not say why"
    found = settings.redacted(f"{found.rstrip('.')}{f' ({detail[1]})' if detail else ''}.")
    return " ".join([found, *(advice for part, advice in _ADVICE.items() if part in found)])
