"""What is only decoration never fails a document.

A journal, a baseline, yesterday's lists, a progress bar: a document is better with them and
complete without them. Whatever goes wrong there becomes one warning and an empty value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from pipeline import settings

LOGGER = logging.getLogger("luigi-interface.pipeline")

T = TypeVar("T")


def optional(make: Callable[[], T], empty: T, loss: str) -> T:
    """Return what a function makes, or the empty value and one warning where it fails.

    Args:
        make: makes the decoration.
        empty: stands in for it.
        loss: what is missing then, as the end of a sentence.
    """
    try:
        return make()
    except Exception as fault:  # no fault of a decoration is a reason to lose the document
        warn(fault, loss)
        return empty


def warn(fault: Exception, loss: str) -> None:
    """Log one warning that says what went wrong and what is missing because of it."""
    reason = settings.redacted(str(fault)) or "no reason given"
    LOGGER.warning("%s (%s): %s", loss, type(fault).__name__, reason[:300])
