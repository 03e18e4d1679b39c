"""The tables and views of the warehouse, the same in SQLite and PostgreSQL.

There are no migrations: tables of another version are dropped, and filled again from the documents.
"""

import logging
import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from pipeline.genres import GENRE_NAMES

# To be raised with each change of a table, of a view or of what the rows hold.
VERSION = 1

METADATA = sa.MetaData()
# PostgreSQL sorts and compares by bytes, as SQLite does.
_TEXT = sa.Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, _TEXT, nullable=nullable)


def _key(name: str, type_: sa.types.TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, type_, primary_key=True, autoincrement=False)


# A finished load of a period of a date, with the fingerprint of the documents that it was made of.
LOADS = sa.Table(
    "loads",
    METADATA,
    _key("period", _TEXT),
    _key("date", sa.Date()),
    _text("fingerprint"),
    _text("source"),
    sa.Column("collected_at", sa.DateTime, nullable=False),
    sa.Column("late_by_days", sa.Integer, nullable=False),
    sa.Column("movies", sa.Integer, nullable=False),
    _text("verdict"),
    sa.Column("quality_score", sa.Float, nullable=False),
    sa.Column("validation_rate", sa.Float, nullable=False),
)
VIOLATIONS = sa.Table(
    "violations",
    METADATA,
    _key("period", _TEXT),
    _key("date", sa.Date()),
    _key("rule", _TEXT),
    _key("list", _TEXT),
    _text("severity"),
)
SNAPSHOTS = sa.Table(
    "snapshots",
    METADATA,
    _key("list", _TEXT),
    _key("date", sa.Date()),
    _text("period"),
    sa.Column("position", sa.Integer, nullable=False),
    _text("source"),
    _text("language", nullable=True),
    _text("region", nullable=True),
    sa.Column("collected_at", sa.DateTime, nullable=False),
    sa.Column("late_by_days", sa.Integer, nullable=False),
    sa.Column("movies", sa.Integer, nullable=False),
    sa.Column("total_results", sa.BigInteger),
    sa.Column("requests", sa.Integer, nullable=False),
    sa.Column("retries", sa.Integer, nullable=False),
    sa.Column("seconds", sa.Float),
)
# `genres` is a key of GENRE_SETS: the ids in their order, as `18,35`.
ENTRIES = sa.Table(
    "entries",
    METADATA,
    _key("list", _TEXT),
    _key("date", sa.Date()),
    _key("rank", sa.Integer()),
    sa.Column("movie_id", sa.BigInteger, nullable=False),
    _text("title", nullable=True),
    _text("original_language", nullable=True),
    sa.Column("release_date", sa.Date),
    _text("genres"),
    sa.Column("popularity", sa.Float),
    sa.Column("vote_average", sa.Float),
    sa.Column("vote_count", sa.BigInteger),
    sa.Index("entries_by_movie", "movie_id", "date", "list", "rank", "vote_count"),
    sqlite_with_rowid=False,
)
GENRE_SETS = sa.Table(
    "genre_sets", METADATA, _key("genres", _TEXT), _key("genre_id", sa.BigInteger())
)
GENRES = sa.Table(
    "genres", METADATA, _key("genre_id", sa.BigInteger()), _text("name"), _text("name_ko")
)
VERSIONS = sa.Table("schema_version", METADATA, _key("version", sa.Integer()))

# The role that may read the views and nothing else, where the server has it.
READER = "warehouse_reader"

_VIEWS_SQL = re.sub(r"--.*", "", Path(__file__).with_name("views.sql").read_text("utf-8"))
_VIEWS = [statement.strip() for statement in _VIEWS_SQL.split(";")]
VIEW_NAMES = re.findall(r"CREATE VIEW (\w+)", _VIEWS_SQL)
_GRANT = f"""
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN
        GRANT SELECT ON {", ".join(VIEW_NAMES)} TO {READER};
    END IF;
END $$
"""


def read_version(connection: sa.Connection) -> int | None:
    """Return the version of the tables; None where there are none."""
    is_there = sa.inspect(connection).has_table(VERSIONS.name)
    return connection.scalar(sa.select(VERSIONS.c.version)) if is_there else None


def ensure_tables(connection: sa.Connection, schema: str | None) -> None:
    """Create what is missing, in a transaction that no other writer shares.

    Tables of another version are dropped, with everything else in their file or schema.
    """
    version = read_version(connection)
    if version == VERSION:
        return
    is_postgres = connection.dialect.name == "postgresql"
    inspector = sa.inspect(connection)
    if schema and schema not in inspector.get_schema_names():
        connection.execute(sa.schema.CreateSchema(schema))
    if version is not None:
        logging.getLogger("luigi-interface.pipeline").warning(
            "The warehouse has tables of version %s, and this program needs %s: it is made again "
            "from the documents.", version, VERSION
        )  # fmt: skip
        old = [("VIEW", name) for name in inspector.get_view_names()]
        old += [("TABLE", name) for name in inspector.get_table_names()]
        cascade = " CASCADE" if is_postgres else ""
        for kind, name in old:
            quoted = connection.dialect.identifier_preparer.quote_identifier(name)
            connection.exec_driver_sql(f"DROP {kind} {quoted}{cascade}")
    METADATA.create_all(connection, checkfirst=False)
    for statement in _VIEWS:
        connection.exec_driver_sql(statement)
    if is_postgres:
        connection.exec_driver_sql(_GRANT)
    names = [
        {"genre_id": number, "name": english, "name_ko": korean}
        for number, (english, korean) in GENRE_NAMES.items()
    ]
    connection.execute(sa.insert(GENRES), names)
    connection.execute(sa.insert(VERSIONS).values(version=VERSION))
