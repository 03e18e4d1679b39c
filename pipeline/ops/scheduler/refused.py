"""What luigid answers to a request that it does not take on, and how often its log says so."""

from __future__ import annotations

import logging

from pipeline import clock

LOGGER = logging.getLogger("pipeline.luigid")

TOLD_EVERY_SECONDS = 60.0


class Refused(Exception):
    """A request is not taken on; the text is one sentence for whoever sent it.

    `status` is that of HTTP: 400 not understood, 401 password, 403 not allowed, 404 no such call,
    421 foreign host, 503 full.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class RefusalLog:
    """Tells of refusals once a minute at most, so that nobody fills the disk with them."""

    def __init__(self) -> None:
        self._untold = 0
        self._told_at: float | None = None

    def note(self, refusal: Refused, remote_ip: str | None) -> None:
        """Count the refusal, and tell of it and the untold ones before when a minute is over."""
        self._untold += 1
        moment = clock.monotonic()
        if self._told_at is not None and moment - self._told_at < TOLD_EVERY_SECONDS:
            return
        LOGGER.warning(
            "refused %d request(s), the last from %s with status %d: %s",
            self._untold,
            remote_ip,
            refusal.status,
            refusal,
        )
        self._untold, self._told_at = 0, moment
