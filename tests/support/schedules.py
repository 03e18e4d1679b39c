"""Schedules in the time zone of a test."""

from __future__ import annotations

import datetime
import itertools
import time
from collections.abc import Iterator
from datetime import date

import pytest

from pipeline import clock
from pipeline.ops.schedule.times import Schedule


@pytest.fixture(params=["UTC", "Asia/Seoul", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Run a test in three time zones, or in that of its parameter."""
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def local(text: str) -> datetime.datetime:
    """Return an instant given in the local time of the test."""
    return datetime.datetime.fromisoformat(text).astimezone()


def first_after(schedule: Schedule, text: str) -> datetime.datetime:
    """Return the first time of a schedule after a local time."""
    return next(schedule.after(local(text)))


def times_in(year: int, schedule: Schedule) -> dict[date, datetime.datetime]:
    """Return each day of the year that has a time, with its first one."""
    until = clock.midnight(date(year + 1, 1, 1)) - datetime.timedelta(seconds=1)
    return times_by_day(schedule, date(year, 1, 1), until)


def times_by_day(
    schedule: Schedule, first: date, until: datetime.datetime
) -> dict[date, datetime.datetime]:
    """Return each day from `first` on that has a time up to `until`, with its first time in UTC."""
    times = itertools.takewhile(lambda time: time <= until, schedule.by_day(first))
    return {clock.local_day(time): time for time in times}


def days_of(year: int) -> list[date]:
    """Return every date of a year."""
    first = date(year, 1, 1)
    return [first + datetime.timedelta(each) for each in range((date(year + 1, 1, 1) - first).days)]
