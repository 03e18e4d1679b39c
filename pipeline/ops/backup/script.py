"""The SQL with which psql rehearses and restores: our own, around the rows of a dump.

Every statement is understood by all servers since PostgreSQL 10. No table is dropped or truncated,
so views, grants, triggers and foreign keys of others stay.
"""

from __future__ import annotations

from pipeline.ops.history import schema

LOCK_SECONDS = 10.0
"""Seconds that a rehearsal or a restore waits for tables that another program has locked."""

MAY_REHEARSE = """
    SELECT has_database_privilege(current_database(), 'TEMP') AND NOT pg_is_in_recovery()"""

ROLLBACK = b"ROLLBACK;\n"


def begin_rehearsal(tables: tuple[str, ...]) -> bytes:
    """Return the start of a transaction with an empty temporary table like each of these."""
    made = (
        f"CREATE TEMPORARY TABLE {rehearsed(each).removeprefix('pg_temp.')} "
        f"(LIKE {each} INCLUDING ALL) ON COMMIT DROP;"
        for each in tables
    )
    return "\n".join([_begin(), *made, ""]).encode()


def rehearsed(table: str) -> str:
    """Return the temporary table that stands in for a table of the history."""
    return f"pg_temp.rehearsed_{table}"


def begin_restore() -> bytes:
    """Return the start of a transaction in which the history is there, empty, and locked.

    The lock is also the one that luigid takes before it writes, and in the same order.
    """
    emptied = (f"DELETE FROM ONLY {each};" for each in reversed(schema.TABLE_NAMES))
    locked = f"LOCK TABLE {', '.join(schema.TABLE_NAMES)} IN SHARE ROW EXCLUSIVE MODE;"
    return "\n".join(
        [_begin(), f"{schema.LOCK};", _make(), locked, _refuse(), *emptied, ""]
    ).encode()


def see_count(target: str, table: str, count: int) -> bytes:
    """Return the statement that fails unless the target holds as many rows as the dump."""
    return f"""
DO $do$ BEGIN
    IF (SELECT count(*) FROM ONLY {target}) <> {count} THEN
        RAISE EXCEPTION 'the dump holds {count} rows of {table}, and the database kept %',
            (SELECT count(*) FROM ONLY {target});
    END IF;
END $do$;
""".encode()


def commit_restore() -> bytes:
    """Return the end of the transaction; new rows are numbered after those that are there.

    A sequence is never set back: that would outlive a rollback.
    """
    numbered = [each for each in schema.TABLE_NAMES if each != "task_parameters"]
    advanced = (
        f"SELECT setval(name, greatest(nextval(name), (SELECT max(id) FROM {each}))) FROM"
        f" (SELECT CAST(pg_get_serial_sequence('{each}', 'id') AS regclass)) AS sequence (name)"
        " WHERE name IS NOT NULL;"
        for each in numbered
    )
    return "\n".join([*advanced, "COMMIT;", ""]).encode()


def _begin() -> str:
    """Return the start of a transaction that waits for locks only, whatever its role is set to."""
    return f"""
BEGIN READ WRITE;
SELECT set_config(name, '0', true) FROM pg_settings
    WHERE name IN (
        'statement_timeout', 'idle_in_transaction_session_timeout', 'transaction_timeout');
SET LOCAL lock_timeout = '{LOCK_SECONDS * 1000:.0f}ms';
"""


def _make() -> str:
    """Return the statement that makes the tables where luigid would make them, if any is missing.

    CREATE TABLE IF NOT EXISTS alone looks into the first schema of the search path only.
    """
    relations = ", ".join(f"'{each}'" for each in schema.relations())
    made = "".join(f"{each};\n" for each in schema.statements())
    return f"""
DO $do$ BEGIN
    IF EXISTS (SELECT FROM unnest(ARRAY[{relations}]) AS wanted (name)
               WHERE to_regclass(name) IS NULL) THEN
{made}    END IF;
END $do$;
"""


def _refuse() -> str:
    """Return the statement that fails where emptying the history would change others' tables."""
    ours = ", ".join(f"CAST('{each}' AS regclass)" for each in schema.TABLE_NAMES)
    return f"""
DO $do$ DECLARE others text; BEGIN
    SELECT string_agg(DISTINCT CAST(CAST(conrelid AS regclass) AS text), ', ') INTO others
    FROM pg_constraint WHERE contype = 'f' AND confdeltype IN ('c', 'n', 'd')
    AND confrelid IN ({ours}) AND conrelid NOT IN ({ours});
    IF others IS NOT NULL THEN
        RAISE EXCEPTION 'rows of % refer to the task history and would be lost with it', others;
    END IF;
END $do$;
"""
