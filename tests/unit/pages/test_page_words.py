"""Figures and times in words, and values of strangers read without ever failing."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from pipeline.pages import reading
from pipeline.pages.language import NOTHING, Language

ENGLISH, KOREAN = Language("en"), Language("ko")
UTC = datetime.UTC


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (None, NOTHING),
        (0, "0.0 s"),
        (9.94, "9.9 s"),
        (9.95, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (3599, "59 min 59 s"),
        (3720, "1 h 2 min"),
    ],
)
def test_a_duration_is_told_in_the_two_largest_units(seconds: float | None, told: str) -> None:
    assert ENGLISH.seconds(seconds) == told


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (None, NOTHING),
        (812, "812 B"),
        (1_000, "1.0 kB"),
        (1_250_000, "1.2 MB"),
        (2_500_000_000_000, "2,500.0 GB"),
    ],
)
def test_a_size_is_told_in_its_unit(count: float | None, told: str) -> None:
    assert ENGLISH.size(count) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.25, "25 %"),
        (1.0, "100 %"),
        (1, "1"),
        (1.5, "1.5"),
        (1234.5678, "1,234.57"),
        (True, NOTHING),
        ("x", NOTHING),
        (float("nan"), NOTHING),
    ],
)
def test_a_figure_is_a_share_where_it_can_be_one(value: Any, told: str) -> None:
    assert ENGLISH.figure(value) == told


def test_a_time_is_told_to_the_second() -> None:
    assert ENGLISH.clock(datetime.datetime(2024, 1, 7, 6, 5, 4, 900_000, tzinfo=UTC)) == "06:05:04"
    assert ENGLISH.clock(None) == NOTHING


def test_a_percentage_is_not_rounded_up_to_all() -> None:
    assert (ENGLISH.percent(99.99), KOREAN.percent(99.99)) == ("> 99.9 %", "> 99.9%")
    assert (ENGLISH.percent(100), ENGLISH.percent(None)) == ("100 %", NOTHING)


@pytest.mark.parametrize(
    ("value", "told"),
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
def test_a_day_is_read_in_one_form_only(value: Any, told: datetime.date | None) -> None:
    assert reading.day(value) == told


@pytest.mark.parametrize(
    ("value", "hour"),
    [
        ("2024-01-07T06:05:04+00:00", 6),
        ("2024-01-07T06:05:04", 6),
        ("2024-01-07T06:05:04+09:00", 21),
    ],
)
def test_an_instant_is_read_in_utc(value: str, hour: int) -> None:
    read = reading.instant(value)
    assert read is not None
    assert (read.tzinfo, read.hour, read.minute) == (UTC, hour, 5)


@pytest.mark.parametrize("value", ["", "soon", 5, None, "9999-12-31T23:59:59-01:00"])
def test_what_is_no_instant_is_none(value: Any) -> None:
    assert reading.instant(value) is None
