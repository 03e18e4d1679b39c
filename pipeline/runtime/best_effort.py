"""Best-effort work: it makes a document better, and never fails it.

The task runs of a day, a baseline, yesterday's lists, a progress bar: a document is complete
without them. An error there is logged as one warning and replaced by an empty value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pipeline import settings

LOGGER = logging.getLogger("luigi-interface.pipeline")

MAX_REASON_LENGTH = 300

T = TypeVar("T")


def optional(make: Callable[[], T], empty: T, loss: str) -> T:
    """Return the result of a function, or the empty value and one warning if it raises.

    Args:
        make: the function that does the best-effort work.
        empty: the value to return instead.
        loss: the first words of the warning: what is missing because of the error.
    """
    try:
        return make()
    except Exception as error:  # no error of best-effort work is a reason to lose the document
        warn(error, loss)
        return empty


def warn(error: Exception, loss: str) -> None:
    """Log one warning that says what is missing, and because of which error."""
    reason = settings.redacted(str(error)) or "no reason given"
    LOGGER.warning("%s (%s): %s", loss, type(error).__name__, reason[:MAX_REASON_LENGTH])
