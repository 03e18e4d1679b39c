"""The error for a request that luigid refuses, and how often its log reports refusals."""

from __future__ import annotations

import logging

from pipeline import clock

LOGGER = logging.getLogger("pipeline.luigid")

# Seconds in which further refusals are counted instead of logged.
LOG_INTERVAL_SECONDS = 60.0


class Refused(Exception):
    """A request is refused; the text is one sentence for the sender.

    `status` is that of HTTP: 400 not understood, 401 password, 403 not allowed, 404 no such call,
    421 foreign host, 503 full.
    """

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class RefusalLog:
    """Log refusals once a minute at most, so that nobody fills the disk with them."""

    def __init__(self) -> None:
        self._not_logged = 0
        self._logged_at: float | None = None

    def note(self, refusal: Refused, remote_ip: str | None) -> None:
        """Count the refusal, and log it and those not logged before when a minute is over."""
        self._not_logged += 1
        moment = clock.monotonic()
        if self._logged_at is not None and moment - self._logged_at < LOG_INTERVAL_SECONDS:
            return
        LOGGER.warning(
            "refused %d request(s), the last from %s with status %d: %s",
            self._not_logged,
            remote_ip,
            refusal.status,
            refusal,
        )
        self._not_logged, self._logged_at = 0, moment
