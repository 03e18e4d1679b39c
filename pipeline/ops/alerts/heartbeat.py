"""The heartbeat: a request to a dead man's switch outside this machine while all is well.

A machine that is off, a cron daemon that has ended and a full disk cannot alert by themselves. The
service behind PIPELINE_HEARTBEAT_URL alerts when the request stays away.
"""

from __future__ import annotations

import logging
import queue
import threading
from typing import NamedTuple

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import heartbeat_url
from pipeline.paths import Layout
from pipeline.tmdb.credential import Secret

LOGGER = logging.getLogger("luigi-interface.pipeline")

ATTEMPTS = 3


class Limits(NamedTuple):
    """Time limit of a heartbeat, in seconds.

    Attributes:
        connect: until a connection is made.
        read: until an answer begins.
        pause: between two attempts.
        total: for all attempts together; the run has ended by then, and the next one must not wait.
    """

    connect: float = 3.05
    read: float = 5.0
    pause: float = 1.0
    total: float = 10.0


LIMITS = Limits()


def send_unless_overdue() -> bool:
    """Request PIPELINE_HEARTBEAT_URL if it is set and no root task is overdue; never raise.

    Returns:
        Whether the service accepted a request.
    """
    url = heartbeat_url()
    if url is None:
        return False
    try:
        current = settings.current()
        times = installed.schedules(current.config_dir / "crontab")
        if overdue.overdue(Layout(current.data_dir), times, clock.now()):
            return False
    except (PipelineError, OSError) as error:
        LOGGER.warning("No heartbeat was sent: %s", error)
        return False
    return send(url)


def send(url: Secret, limits: Limits = LIMITS) -> bool:
    """Request the address, in a thread that is left behind where it does not come back.

    Returns:
        Whether the service accepted a request.
    """
    results: queue.SimpleQueue[bool] = queue.SimpleQueue()
    threading.Thread(target=lambda: results.put(_attempts(url, limits)), daemon=True).start()
    try:
        accepted = results.get(timeout=limits.total)
    except queue.Empty:
        accepted = False
    if not accepted:
        LOGGER.warning("The heartbeat was not accepted: see the service of PIPELINE_HEARTBEAT_URL.")
    return accepted


def _attempts(url: Secret, limits: Limits) -> bool:
    import requests

    for logger in ("urllib3", "requests"):  # they log addresses, which hold the secret
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    for attempt in range(ATTEMPTS):
        if attempt:
            threading.Event().wait(limits.pause)
        try:
            timeout = (limits.connect, limits.read)
            with requests.get(url.secret, timeout=timeout, stream=True) as response:
                if response.ok:
                    return True
        except Exception:  # noqa: S112  whatever it is, its text may hold the address
            continue
    return False
