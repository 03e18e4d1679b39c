"""The Parquet export: its schema, and the bytes of a file of one day or week.

The schema is the check: a value of another type or a missing key is refused. The same rows give the
same bytes. Only this module imports pyarrow, which the extra `parquet` installs.
"""

import datetime
import json
from typing import Any

from pipeline.errors import DataError, NotPossible
from pipeline.terms import LIMITS, MAX_KEEP_DAYS, NOTICE
from pipeline.warehouse.rows import Load, Rows

try:
    import pyarrow
    import pyarrow.parquet
except ModuleNotFoundError:
    raise NotPossible(
        "The export needs pyarrow, which is not installed here: install the extra `parquet`, as "
        "docs/how-to/export.md shows."
    ) from None

# Counts changes after which a reader of the files would no longer work. The folder is named by it.
VERSION = 1

# Name, type, whether it may be null, and what it holds: the columns in their order.
_COLUMNS = (
    ("list", pyarrow.string(), False, "name of the list, like popular"),
    ("date", pyarrow.date32(), False, "day that the list is of"),
    ("rank", pyarrow.int32(), False, "position in the list, from 1 on"),
    ("movie_id", pyarrow.int64(), False, "TMDB's id of the movie"),
    ("title", pyarrow.string(), True, "title in the language of the data root"),
    ("original_language", pyarrow.string(), True, "ISO 639-1"),
    ("release_date", pyarrow.date32(), True, "in the region of the data root, as TMDB has it"),
    # TMDB's ids are small, but a row holds any integer of 64 bits.
    ("genre_ids", pyarrow.list_(pyarrow.int64()), True, "TMDB's ids of its genres"),
    ("popularity", pyarrow.float64(), True, "TMDB's figure; do not compare it between dates"),
    ("vote_average", pyarrow.float64(), True, "0 to 10"),
    ("vote_count", pyarrow.int64(), True, "votes so far"),
    ("collected_at", pyarrow.timestamp("us", "UTC"), False, "when the list was collected"),
    ("late_by_days", pyarrow.int32(), False, "days from `date` to the day of the collection"),
    ("source", pyarrow.string(), False, "tmdb, or demo for made-up movies"),
)
# The columns that every movie of a list has from its list; all others are fields of an `Entry`.
COLUMNS_OF_LIST = ("collected_at", "late_by_days", "source")
ARROW_SCHEMA = pyarrow.schema([pyarrow.field(*column[:3]) for column in _COLUMNS])


def content_of(rows: Rows, purpose: str) -> bytes:
    """Return a file with one row for each entry, in their order.

    Args:
        rows: of one day or week.
        purpose: what PIPELINE_EXPORT says, or demo for made-up movies; the file states it.

    Raises:
        DataError: a value does not fit the schema.
    """
    of_list = {
        each.list: {name: getattr(each, name) for name in COLUMNS_OF_LIST}
        for each in rows.snapshots
    }
    records = [entry._asdict() | of_list[entry.list] for entry in rows.entries]
    schema = ARROW_SCHEMA.with_metadata(_metadata(rows.load, purpose))
    stream = pyarrow.BufferOutputStream()
    try:
        table = pyarrow.Table.from_pylist(records, schema)
        pyarrow.parquet.write_table(table, stream, compression="zstd")
    except pyarrow.ArrowException as error:
        raise DataError(
            f"The {rows.load.period} {rows.load.date} was not exported, because a value does not "
            f"fit the schema of the export ({error}): report this with the lists of that date."
        ) from None
    content: bytes = stream.getvalue().to_pybytes()
    return content


def _metadata(load: Load, purpose: str) -> dict[str, str]:
    """Return what a file says of itself to those who have a copy of it."""
    is_demo = load.source == "demo"
    return {
        "tmdb.schema_version": str(VERSION),
        "tmdb.source": load.source,
        "tmdb.purpose": purpose,
        "tmdb.keep_until": (load.collected_at + datetime.timedelta(MAX_KEEP_DAYS)).isoformat(),
        "tmdb.attribution": "Made-up movies of tmdb-pipeline." if is_demo else NOTICE,
        "tmdb.terms": "None: the movies are made up." if is_demo else f"{LIMITS}.",
    }


def schema_text() -> str:
    """Return `schema.json`: a Table Schema of frictionlessdata.io, with Arrow's types besides."""
    document: dict[str, Any] = {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "version": VERSION,
        "fields": [
            {
                "name": name,
                "type": _type_in_table_schema(kind),
                "arrow_type": str(kind),
                "description": description,
                "constraints": {"required": not is_nullable},
            }
            for name, kind, is_nullable, description in _COLUMNS
        ],
        "primaryKey": ["list", "date", "movie_id"],
        "event_time": "collected_at",
    }
    return json.dumps(document, indent=2) + "\n"


def _type_in_table_schema(kind: Any) -> str:
    tests = {
        "string": pyarrow.types.is_string,
        "date": pyarrow.types.is_date,
        "datetime": pyarrow.types.is_timestamp,
        "integer": pyarrow.types.is_integer,
        "number": pyarrow.types.is_floating,
        "list": pyarrow.types.is_list,
    }
    return next(name for name, is_of_type in tests.items() if is_of_type(kind))
