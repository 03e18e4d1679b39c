"""The one place that asks what time it is, and that reads a day that a user writes."""

from __future__ import annotations

import contextlib
import datetime
import time

from pipeline.errors import NotPossible


def now() -> datetime.datetime:
    """Return this instant in UTC, to the second."""
    return instant().replace(microsecond=0)


def instant() -> datetime.datetime:
    """Return this instant in UTC, to the microsecond."""
    return datetime.datetime.now(datetime.UTC)


def today() -> datetime.date:
    """Return the day in the machine's time zone (`TZ`), which is also cron's."""
    return datetime.datetime.now().date()


def monotonic() -> float:
    """Return the seconds since the machine was started, the same for all of its processes."""
    return time.monotonic()


def read_time_zone() -> None:
    """Read `TZ` again, after it was changed in this process's environment."""
    time.tzset()


def midnight(day: datetime.date) -> datetime.datetime:
    """Return the instant, in UTC, at which a day begins in the machine's time zone."""
    return datetime.datetime.combine(day, datetime.time()).astimezone(datetime.UTC)


def local_day(at: datetime.datetime) -> datetime.date:
    """Return the day of an instant in the machine's time zone."""
    return at.astimezone().date()


def day_of(text: str) -> datetime.date:
    """Parse a day as YYYY-MM-DD, or raise NotPossible with a sentence for the user."""
    with contextlib.suppress(ValueError):
        day = datetime.datetime.strptime(text, "%Y-%m-%d").date()
        if 1900 <= day.year <= 2999:  # from other years, one could not look back or ahead
            return day
    raise NotPossible(
        f"{text[:40]!r} is no day of the years 1900 to 2999: write it as YYYY-MM-DD, for example "
        "2024-01-07."
    )
