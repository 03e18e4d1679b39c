"""The machine's time zone as a `tzinfo` with its changes of the clocks, for computing schedules."""

from __future__ import annotations

import datetime


class _LocalZone(datetime.tzinfo):
    """The zone of `TZ`, else of the system, as it is when it is used.

    `datetime.astimezone()` gives a fixed offset, and the zone's name is not always known.
    """

    def utcoffset(self, dt: datetime.datetime | None) -> datetime.timedelta | None:
        """Return the offset at that local time."""
        if dt is None:
            return None
        wall = dt.replace(tzinfo=None)
        moment = datetime.datetime.fromtimestamp(wall.timestamp(), datetime.UTC)
        return wall.replace(fold=0) - moment.replace(tzinfo=None)

    def dst(self, dt: datetime.datetime | None) -> None:
        """Return None: how much of the offset is summer time is not known."""

    def tzname(self, dt: datetime.datetime | None) -> str:
        """Return a name for messages."""
        return "local"

    def fromutc(self, dt: datetime.datetime) -> datetime.datetime:
        """Return the local time of an instant whose UTC time is written into `dt`."""
        moment = dt.replace(tzinfo=datetime.UTC)
        return datetime.datetime.fromtimestamp(moment.timestamp()).replace(
            tzinfo=self, microsecond=dt.microsecond
        )


LOCAL = _LocalZone()
