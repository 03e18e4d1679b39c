"""From rows to a Parquet file, whose schema is the check."""

from __future__ import annotations

import datetime
import json
import sys
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.hostile_texts import TEXTS
from support.optional_packages import require_pyarrow

from pipeline import warehouse
from pipeline.errors import DataError, NotPossible
from pipeline.warehouse.rows import DAY, Entry, Load, Rows, Snapshot, rows_of

SUNDAY = datetime.date(2024, 1, 7)
AT = datetime.datetime(2024, 1, 9, 3, 0, 1, tzinfo=datetime.UTC)
PARASITE = Entry(
    "popular", SUNDAY, 1, 5, "기생충", "ko", datetime.date(2019, 5, 30), (35, 53), 50.0, 8.5, 17000
)

require_pyarrow()
import pyarrow.parquet  # noqa: E402

from pipeline.warehouse import parquet  # noqa: E402

UNKNOWN = Entry("trending", SUNDAY, 2, 7, None, None, None, (), None, None, None)


def rows(*entries: Entry, source: str = "tmdb") -> Rows:
    load = Load(DAY, SUNDAY, source, AT, 2, 2, "pass", 91.0, 99.5)
    snapshots = [
        Snapshot(name, SUNDAY, DAY, 0, source, "ko-KR", "KR", AT, late, 1, 1, 1, 0, 0.1)
        for name, late in (("popular", 2), ("trending", 0))
    ]
    return Rows(load, snapshots, list(entries), [])


def table_of(content: bytes) -> Any:
    return pyarrow.parquet.read_table(pyarrow.BufferReader(content))


def test_a_file_has_a_row_for_each_entry_with_what_its_list_says() -> None:
    table = table_of(parquet.content_of(rows(PARASITE, UNKNOWN), "analysis"))

    popular = {"collected_at": AT, "late_by_days": 2, "source": "tmdb"}
    assert table.to_pylist() == [
        PARASITE._asdict() | {"genre_ids": [35, 53]} | popular,
        UNKNOWN._asdict() | {"genre_ids": []} | popular | {"late_by_days": 0},
    ]


def test_the_columns_of_version_1_are_kept() -> None:
    """Another type, name or order, or a new column that may not be null, is version 2."""
    assert parquet.VERSION == 1
    assert [str(field) for field in parquet.ARROW_SCHEMA][:14] == [
        "pyarrow.Field<list: string not null>",
        "pyarrow.Field<date: date32[day] not null>",
        "pyarrow.Field<rank: int32 not null>",
        "pyarrow.Field<movie_id: int64 not null>",
        "pyarrow.Field<title: string>",
        "pyarrow.Field<original_language: string>",
        "pyarrow.Field<release_date: date32[day]>",
        "pyarrow.Field<genre_ids: list<item: int64>>",
        "pyarrow.Field<popularity: double>",
        "pyarrow.Field<vote_average: double>",
        "pyarrow.Field<vote_count: int64>",
        "pyarrow.Field<collected_at: timestamp[us, tz=UTC] not null>",
        "pyarrow.Field<late_by_days: int32 not null>",
        "pyarrow.Field<source: string not null>",
    ]
    assert all(field.nullable for field in list(parquet.ARROW_SCHEMA)[14:])


def test_every_field_of_an_entry_has_its_column() -> None:
    """A key that the schema lacks would be dropped without a word."""
    assert parquet.ARROW_SCHEMA.names == [*Entry._fields, *parquet.COLUMNS_OF_LIST]


def test_the_folder_of_a_date_is_named_like_no_column() -> None:
    """pyarrow and pandas cannot read `date=2024-01-07` if there is a column `date` as well."""
    assert "day" not in parquet.ARROW_SCHEMA.names


def test_schema_json_states_the_columns_of_a_file() -> None:
    schema = table_of(parquet.content_of(rows(PARASITE), "analysis")).schema
    stated = json.loads(parquet.schema_text())

    assert [
        (each["name"], each["arrow_type"].replace("item", "element")) for each in stated["fields"]
    ] == [(field.name, str(field.type)) for field in schema]
    assert [not each["constraints"]["required"] for each in stated["fields"]] == [
        field.nullable for field in schema
    ]
    assert {*stated["primaryKey"], stated["event_time"]} <= {
        each["name"] for each in stated["fields"] if each["constraints"]["required"]
    }
    assert {each["name"]: each["type"] for each in stated["fields"]} == {
        "list": "string", "date": "date", "rank": "integer", "movie_id": "integer",
        "title": "string", "original_language": "string", "release_date": "date",
        "genre_ids": "list", "popularity": "number", "vote_average": "number",
        "vote_count": "integer", "collected_at": "datetime", "late_by_days": "integer",
        "source": "string",
    }  # fmt: skip


def test_the_same_rows_are_the_same_bytes() -> None:
    whole = rows(PARASITE, UNKNOWN)
    assert parquet.content_of(whole, "analysis") == parquet.content_of(whole, "analysis")


@pytest.mark.parametrize(
    ("source", "purpose", "attribution", "terms"),
    [
        ("tmdb", "ml-agreement", "not endorsed, certified", "no machine learning or AI without"),
        ("demo", "demo", "Made-up movies", "None"),
    ],
)
def test_a_file_says_where_it_is_from_and_until_when_it_may_be_kept(
    source: str, purpose: str, attribution: str, terms: str
) -> None:
    content = parquet.content_of(rows(PARASITE, source=source), purpose)
    stated = {
        key.decode(): value.decode() for key, value in table_of(content).schema.metadata.items()
    }

    assert attribution in stated.pop("tmdb.attribution")
    assert terms in stated.pop("tmdb.terms")
    assert stated == {
        "tmdb.schema_version": "1",
        "tmdb.source": source,
        "tmdb.purpose": purpose,
        "tmdb.keep_until": "2024-07-07T03:00:01+00:00",
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("movie_id", None),
        ("rank", None),
        ("date", None),
        ("movie_id", "5"),
        ("rank", 2**31),
        ("title", 7),
        ("vote_count", "17000"),
        ("genre_ids", (35, "53")),
        ("release_date", "2019-05-30"),
    ],
)
def test_a_value_that_does_not_fit_the_schema_is_refused_in_one_sentence(
    field: str, value: Any
) -> None:
    with pytest.raises(DataError) as refused:
        parquet.content_of(rows(PARASITE._replace(**{field: value})), "analysis")
    assert str(refused.value).startswith("The day 2024-01-07 was not exported, because a value")
    assert "\n" not in str(refused.value)


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(TEXTS),
    st.lists(st.one_of(st.integers(), st.text())), st.dates().map(str),
)  # fmt: skip
REPORT: dict[str, Any] = {
    "validation_rate": 99.5, "overall_quality_score": 91, "total_movies_validated": 1,
    "common_issues": [], "late_by_days": 0, "source": "tmdb", "verdict": "warn", "checks": [],
}  # fmt: skip
INFO = {
    "total_collected": 1, "collected_at": "2024-01-07T02:00:00+00:00", "late_by_days": 0,
    "source": "tmdb",
}  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(set(Entry._fields) - {"list"})), VALUES))
def test_whatever_tmdb_sends_of_a_movie_can_be_exported(fields: dict[str, Any]) -> None:
    lists = {"popular": {"movies": [fields | {"id": 1}], "collection_info": INFO}}
    exported = rows_of(DAY, SUNDAY, lists, REPORT)
    (row,) = table_of(parquet.content_of(exported, "analysis")).to_pylist()
    (entry,) = exported.entries
    assert {name: row[name] for name in Entry._fields} == entry._asdict() | {
        "genre_ids": list(entry.genre_ids)
    }


def test_without_pyarrow_a_sentence_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.delitem(sys.modules, "pipeline.warehouse.parquet")
    monkeypatch.delattr(warehouse, "parquet")
    with pytest.raises(NotPossible, match=r"needs pyarrow.* install the extra `parquet`"):
        from pipeline.warehouse import parquet  # noqa: F401
