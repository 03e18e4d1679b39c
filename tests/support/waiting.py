"""Waiting for something that another process does."""

from __future__ import annotations

import time
from collections.abc import Callable


def wait_for(
    happened: Callable[[], object],
    seconds: float = 20,
    what: str = "what the test waits for",
    interval: float = 0.01,
) -> None:
    """Wait until the condition is true; look at it every `interval` seconds.

    Raises:
        AssertionError: that did not happen within `seconds`; the message names `what`.
    """
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, f"did not happen within {seconds:g} s: {what}"
        time.sleep(interval)
