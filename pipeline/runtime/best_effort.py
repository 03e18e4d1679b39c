"""Best-effort work: it makes a document better, and never fails it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pipeline import settings

LOGGER = logging.getLogger("luigi-interface.pipeline")

T = TypeVar("T")


def optional(make: Callable[[], T], empty: T, loss: str) -> T:
    """Return the result of a function, or the empty value and one warning if it raises.

    The task runs of a day, a baseline, yesterday's lists: a document is complete without them. The
    warning begins with `loss`: what is missing because of the error.
    """
    try:
        return make()
    except Exception as error:  # no error of best-effort work is a reason to lose the document
        warn(error, loss)
        return empty


def warn(error: Exception, loss: str) -> None:
    """Log one warning that says what is missing, and because of which error."""
    reason = settings.redacted(str(error)) or "no reason given"
    LOGGER.warning("%s (%s): %s", loss, type(error).__name__, reason[:300])
