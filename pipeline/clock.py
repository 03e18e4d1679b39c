"""The one place that asks what time it is, and that reads a day that somebody writes."""

from __future__ import annotations

import datetime
import time

from pipeline.errors import NotPossible

_FIRST_YEAR, _LAST_YEAR = 1900, 2999
"""Nobody means a day outside of these, and from the calendar's ends one cannot look around."""


def now() -> datetime.datetime:
    """This instant in UTC, to the second."""
    return datetime.datetime.now(datetime.UTC).replace(microsecond=0)


def instant() -> datetime.datetime:
    """This instant in UTC, to the microsecond."""
    return datetime.datetime.now(datetime.UTC)


def today() -> datetime.date:
    """The day by the machine's time zone (`TZ`), which is also cron's."""
    return datetime.datetime.now().date()


def monotonic() -> float:
    """Seconds since some moment; the same for all processes until the machine is restarted."""
    return time.monotonic()


def day_of(text: str) -> datetime.date:
    """Return the day that a text writes as YYYY-MM-DD.

    Raises:
        NotPossible: it is no real day in that form, or centuries away.
    """
    try:
        day = datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise NotPossible(
            f"{text[:40]!r} is no day of the calendar: write it as YYYY-MM-DD, for example "
            "2024-01-07."
        ) from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise NotPossible(
            f"{text!r} lies outside of the years {_FIRST_YEAR} to {_LAST_YEAR}: choose another day."
        )
    return day
