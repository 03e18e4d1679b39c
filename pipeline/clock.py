"""The one place that asks what time it is."""

from __future__ import annotations

import datetime
import time


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
