"""When root tasks are due, as the schedule notes it for the index. Pure."""

import datetime
from collections.abc import Iterable

import msgspec


class DueTime(msgspec.Struct, frozen=True):
    """A date of a root task, and the instant at which the schedule starts its run."""

    task: str
    date: datetime.date
    at: datetime.datetime


def encode(times: Iterable[DueTime]) -> bytes:
    """Return the text of the note."""
    return msgspec.json.encode(list(times))


def decode(text: bytes) -> list[DueTime]:
    """Return what was noted, or raise ValueError for a text that is no such note."""
    times = msgspec.json.decode(text, type=list[DueTime])
    if any(each.at.tzinfo is None for each in times):
        raise ValueError("an instant has no time zone")
    return times
