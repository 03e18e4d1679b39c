"""The task history in its database: dumped, rehearsed, and restored as rows by SQL of our own.

Of a dump only the rows of our tables are used, so that a role that owns them can restore it, into a
server of any version since PostgreSQL 10.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import IO

from pipeline.errors import DataError, StorageError
from pipeline.ops.backup.server import Server
from pipeline.ops.history import schema
from pipeline.ops.history.schema import TABLE_NAMES

# Seconds that a rehearsal or a restore waits for tables that another program has locked.
LOCK_SECONDS = 10.0

# The kind of each table, `-` where it is missing; and whether temporary ones may be made.
_LOOK = f"""
SELECT string_agg(coalesce(CAST(relkind AS text), '-'), '' ORDER BY place),
    has_database_privilege(current_database(), 'TEMP') AND NOT pg_is_in_recovery()
FROM unnest(ARRAY{list(TABLE_NAMES)}) WITH ORDINALITY AS wanted (name, place)
LEFT JOIN pg_class ON pg_class.oid = to_regclass(name)"""  # noqa: S608  names of our own


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
        raise StorageError(
            f"The dump cannot be restored into the database that it is from: {error}"
        ) from None
    return (rows, may_rehearse == "t") if any(rows.values()) else None


def write_restore(server: Server, dump: Path, script: Path) -> None:
    """Write the SQL that replaces the history by that of a dump.

    Raises:
        DataError: PostgreSQL cannot read the dump, or it is not one of the task history.
    """
    try:
        rows = _write_sql("restore.sql", "", server, dump, script)
    except StorageError as error:
        raise DataError(f"The dump in the backup cannot be used: {error}") from None
    if absent := sorted(set(TABLE_NAMES) - set(rows)):
        raise DataError(
            "The dump in the backup is not of luigi's task history: it lacks the rows of "
            f"{', '.join(absent)}. Nothing was changed."
        )


def _write_sql(name: str, prefix: str, server: Server, dump: Path, script: Path) -> dict[str, int]:
    """Write a file of SQL around the rows of a dump; return the number of those of each table."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    start, _, end = text.partition("{rows}")
    start = start.format(
        lock_timeout=f"{LOCK_SECONDS * 1000:.0f}ms",
        lock=schema.LOCK,
        relations=str(schema.relations())[1:-1],
        create="; ".join(schema.statements()),
    )
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
