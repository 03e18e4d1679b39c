"""From the documents of a period to rows."""

from __future__ import annotations

import datetime
import sqlite3
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.hostile_texts import TEXTS

from pipeline.warehouse.rows import DAY, WEEK, Entry, Load, Rows, Snapshot, Violation, rows_of

SUNDAY = datetime.date(2024, 1, 7)
AT = datetime.datetime(2024, 1, 6, 18, tzinfo=datetime.UTC)
REPORT: dict[str, Any] = {
    "validation_rate": 99.5, "overall_quality_score": 91, "total_movies_validated": 3,
    "common_issues": [], "late_by_days": 2, "source": "tmdb", "verdict": "warn",
    "checks": [
        {"id": "title", "severity": "warn", "success": False, "evidence": [
            {"list": "action", "finding": "1 of 2 movies", "found": 50.0, "limit": 10},
            {"list": "action", "film": 5, "title": "", "found": ""},
        ]},
        {"id": "adult", "severity": "warn", "success": True, "evidence": []},
    ],
}  # fmt: skip


def collection(*movies: dict[str, Any], **info: Any) -> dict[str, Any]:
    stated = {
        "total_collected": len(movies), "collected_at": "2024-01-06T18:00:00+00:00",
        "late_by_days": 0, "source": "tmdb",
    }  # fmt: skip
    return {"movies": list(movies), "collection_info": stated | info}


def entry_of(**fields: Any) -> Entry:
    rows = rows_of(DAY, SUNDAY, {"popular": collection({"id": 1} | fields)}, REPORT)
    return rows.entries[0]


def test_the_rows_of_a_week() -> None:
    whole = {
        "id": 5, "title": "기생충", "original_language": "ko", "release_date": "2019-05-30",
        "genre_ids": [35, 53, 18, 53], "popularity": 50, "vote_average": 8.5, "vote_count": 17000,
        "overview": "…", "adult": False,
    }  # fmt: skip
    lists = {
        "action": collection(
            whole, {"id": 2}, collected_at="2024-01-07T03:00:01+09:00", language="ko-KR",
            region="KR", total_results=900, requests=16, retries=1, duration_seconds=0.5,
        ),
        "top_rated": collection({"id": 5, "vote_count": 17001}, late_by_days=1),
    }  # fmt: skip
    parasite = (datetime.date(2019, 5, 30), (35, 53, 18), 50.0, 8.5, 17000)
    nothing = (None, None, None, (), None, None)
    assert rows_of(WEEK, SUNDAY, lists, REPORT) == Rows(
        Load(WEEK, SUNDAY, "tmdb", AT, 2, 2, "warn", 91.0, 99.5),
        [
            Snapshot(
                "action", SUNDAY, WEEK, 0, "tmdb", "ko-KR", "KR",
                AT + datetime.timedelta(seconds=1), 0, 2, 900, 16, 1, 0.5,
            ),
            Snapshot(
                "top_rated", SUNDAY, WEEK, 1, "tmdb", None, None, AT, 1, 1, None, 0, 0, None
            ),
        ],
        [
            Entry("action", SUNDAY, 1, 5, "기생충", "ko", *parasite),
            Entry("action", SUNDAY, 2, 2, *nothing, None),
            Entry("top_rated", SUNDAY, 1, 5, *nothing, 17001),
        ],
        [Violation(WEEK, SUNDAY, "title", "action", "warn")],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("title", 7, None),
        ("title", "half \ud83d and \0", "half ? and \ufffd"),
        ("release_date", "", None),
        ("release_date", "2024-02-30", None),
        ("release_date", "2024-W01-1", None),
        ("release_date", "٢٠٢٤-01-01", None),
        ("vote_count", 2**63, None),
        ("vote_count", True, None),
        ("vote_count", 1.5, None),
        ("popularity", 1e301, None),
        ("popularity", 10**400, None),
        ("popularity", float("nan"), None),
        ("vote_average", "8", None),
        ("genre_ids", "28", ()),
        ("genre_ids", [28, "12", None, 2**70, True], (28,)),
    ],
)
def test_a_value_that_no_column_holds_is_left_out(field: str, value: object, expected: Any) -> None:
    assert getattr(entry_of(**{field: value}), field) == expected


def test_an_entry_whose_id_no_column_holds_leaves_a_gap_in_the_ranks() -> None:
    rows = rows_of(DAY, SUNDAY, {"popular": collection({"id": 2**63}, {"id": 1})}, REPORT)
    assert [(each.rank, each.movie_id) for each in rows.entries] == [(2, 1)]
    assert rows.load.movies == 1


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.sampled_from(TEXTS),
    st.lists(st.one_of(st.integers(), st.text())), st.dates().map(str),
)  # fmt: skip


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from(sorted(set(Entry._fields) - {"list"})), VALUES))
def test_any_row_of_tmdb_gives_values_that_a_database_stores(fields: dict[str, Any]) -> None:
    *values, genre_ids, popularity, vote_average, vote_count = entry_of(**fields)
    values += [popularity, vote_average, vote_count]
    row = [str(each) if isinstance(each, datetime.date) else each for each in values]
    marks = ", ".join("?" * len(row))
    with sqlite3.connect(":memory:") as database:
        assert database.execute(f"SELECT {marks}", row).fetchone() == tuple(row)
    assert not any("\0" in each for each in row if isinstance(each, str))
    assert all(abs(each) < 2**63 for each in genre_ids)
