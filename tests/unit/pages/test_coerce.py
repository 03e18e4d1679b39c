"""A page reads any value in a document without failing."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from pipeline.pages import coerce


@pytest.mark.parametrize(
    ("value", "date"),
    [
        ("2024-01-07", datetime.date(2024, 1, 7)),
        ("2024-02-30", None),
        ("2024-1-7", None),
        ("20240107", None),
        ("2024-01-07T00:00", None),
        (20240107, None),
        (None, None),
    ],
)
def test_a_date_is_read_in_one_form_only(value: Any, date: datetime.date | None) -> None:
    assert coerce.as_date(value) == date


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("2024-01-07T06:05:04+00:00", 6),
        ("2024-01-07T06:05:04", 6),
        ("2024-01-07T06:05:04+09:00", 21),
    ],
)
def test_an_instant_is_read_in_utc(value: str, hour: int) -> None:
    read = coerce.as_instant(value)
    assert read is not None
    assert (read.tzinfo, read.hour, read.minute) == (datetime.UTC, hour, 5)


@pytest.mark.parametrize("value", ["", "soon", 5, None, "9999-12-31T23:59:59-01:00"])
def test_any_other_value_is_no_instant(value: Any) -> None:
    assert coerce.as_instant(value) is None
