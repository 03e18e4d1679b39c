"""Instants to the microsecond, each one later than the last."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from pipeline import clock

_SECOND = timedelta(seconds=1)
_TICK = timedelta(microseconds=1)


class Instants:
    """A clock whose instants are all different: an instant is part of the identity of an event.

    Where the machine's clock is set back by more than a second, it is followed.
    """

    def __init__(self) -> None:
        self._last = datetime.min.replace(tzinfo=UTC) + _SECOND

    def next(self) -> datetime:
        """Return this instant in UTC."""
        at = clock.instant()
        if self._last - _SECOND < at <= self._last:
            at = self._last + _TICK
        self._last = at
        return at
