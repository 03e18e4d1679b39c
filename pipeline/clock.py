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


class _LocalZone(datetime.tzinfo):
    """The machine's time zone (`TZ`, else the system's), with its changes of the clocks.

    `datetime.astimezone()` gives a fixed offset, and the zone's name is not always known.
    """

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta | None:
        """Return the offset at that local time."""
        if dt is None:
            return None
        wall = dt.replace(tzinfo=None)
        moment = datetime.datetime.fromtimestamp(wall.timestamp(), datetime.UTC)
        return wall.replace(fold=0) - moment.replace(tzinfo=None)

    def dst(self, dt: datetime.datetime | None) -> datetime.timedelta | None:
        """Return None: how much of the offset is summer time is not known."""
        return None

    def tzname(self, dt: datetime.datetime | None) -> str:
        """Return a name for messages."""
        return "local"

    def fromutc(self, dt: datetime.datetime) -> datetime.datetime:
        """Return the local time of a moment whose UTC time is written into `dt`."""
        moment = dt.replace(tzinfo=datetime.UTC)
        return datetime.datetime.fromtimestamp(moment.timestamp()).replace(
            tzinfo=self, microsecond=dt.microsecond
        )


LOCAL = _LocalZone()
"""The machine's time zone as it is when it is used."""


def read_time_zone() -> None:
    """Read `TZ` again, after it was changed in this process's environment."""
    time.tzset()


def midnight(day: datetime.date) -> datetime.datetime:
    """Return the moment, in UTC, at which that day begins in the machine's time zone."""
    start = datetime.datetime.combine(day, datetime.time(), LOCAL)
    return start.astimezone(datetime.UTC)


def local_day(moment: datetime.datetime) -> datetime.date:
    """Return the day of a moment in the machine's time zone."""
    return moment.astimezone(LOCAL).date()


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
