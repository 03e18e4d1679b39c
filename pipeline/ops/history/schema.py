"""The tables of the task history: luigi's own three, one of failures, and one of their version."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from pipeline.errors import StorageError
from pipeline.postgres import Database

DATABASE = Database("The task history's database", "PIPELINE_HISTORY_URL", "luigid")
METADATA = sa.MetaData()

TASKS = sa.Table(
    "tasks",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("task_id", sa.String(200), index=True),
    sa.Column("name", sa.String(128), index=True),
    sa.Column("host", sa.String(128)),
)
PARAMETERS = sa.Table(
    "task_parameters",
    METADATA,
    sa.Column("task_id", sa.ForeignKey(TASKS.c.id), primary_key=True),
    sa.Column("name", sa.String(128), primary_key=True),
    sa.Column("value", sa.Text),
)
EVENTS = sa.Table(
    "task_events",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("task_id", sa.ForeignKey(TASKS.c.id), index=True),
    sa.Column("event_name", sa.String(20)),
    sa.Column("ts", sa.DateTime, index=True, nullable=False),
    sa.Index("ix_task_events_task_ts", "task_id", "ts", "id"),
)
FAILURES = sa.Table(
    "task_failures",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("task_id", sa.ForeignKey(TASKS.c.id, ondelete="CASCADE"), index=True, nullable=False),
    sa.Column(
        "event_id", sa.ForeignKey(EVENTS.c.id, ondelete="CASCADE"), unique=True, nullable=False
    ),
    sa.Column("attempt", sa.Integer),
    sa.Column("reason", sa.Text),
)
VERSION = sa.Table(
    "task_history_version",
    METADATA,
    sa.Column("version", sa.Integer, primary_key=True, autoincrement=False),
)

TABLES = (TASKS, PARAMETERS, EVENTS, FAILURES)
# The tables that a backup holds, each after those that it refers to.
TABLE_NAMES = tuple(table.name for table in TABLES)
# One writer at a time: a write whose outcome is unknown may still be under way when it is tried
# again, and the second has to see what the first one left.
LOCK = "SELECT pg_advisory_xact_lock(20160903, 82)"

_DDL = [CreateTable(table, if_not_exists=True) for table in (*TABLES, VERSION)] + [
    CreateIndex(index, if_not_exists=True)
    for table in TABLES
    for index in sorted(table.indexes, key=lambda index: str(index.name))
]


# The statements that lead to each version from the one before it; none does anything where it was
# done already. The first make what is missing: all of it, or what plain luigi or 0.1.0 did not.
STEPS = (_DDL,)


def upgrade(connection: sa.Connection) -> None:
    """Bring the tables to the version of this program, by every step that they lack.

    Where one of them is missing, all steps are done again. Tables of a newer version are refused.
    """
    names = (sa.func.to_regclass(name) for name in (*TABLE_NAMES, VERSION.name))
    version = 0
    if None not in connection.execute(sa.select(*names)).one():
        version = connection.scalar(sa.select(sa.func.max(VERSION.c.version))) or 0
    if version > len(STEPS):
        raise StorageError(
            f"The task history's tables are of version {version}, and this program knows "
            f"{len(STEPS)}: install the newer version of tmdb-pipeline again."
        )
    for number, step in enumerate(STEPS[version:], start=version + 1):
        for statement in step:
            connection.execute(statement)
        done = postgresql.insert(VERSION).values(version=number)
        connection.execute(done.on_conflict_do_nothing())


def statements() -> list[str]:
    """Return the SQL that makes what is missing of the tables, for psql."""
    dialect = postgresql.dialect()
    return [" ".join(str(each.compile(dialect=dialect)).split()) for each in _DDL]


def relations() -> list[str]:
    """Return the names of the tables and of their indexes."""
    return [str(each.element.name) for each in _DDL]
