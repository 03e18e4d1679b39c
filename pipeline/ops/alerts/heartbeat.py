"""The heartbeat: a request to a dead man's switch outside this machine while all is well.

A machine that is off, a cron daemon that has ended and a full disk cannot alert by themselves. The
service behind PIPELINE_HEARTBEAT_URL alerts when the request stays away.
"""

from __future__ import annotations

import logging
import queue
import threading

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import heartbeat_url
from pipeline.paths import Layout
from pipeline.tmdb.credential import Secret

LOGGER = logging.getLogger("luigi-interface.pipeline")

ATTEMPTS = 3

CONNECT_SECONDS, READ_SECONDS, PAUSE_SECONDS = 3.05, 5.0, 1.0
"""Time limits of one attempt, and the pause before the next one."""

TOTAL_SECONDS = 10.0
"""Time limit of all attempts, name lookups included: the next run must not wait for them."""


def send_unless_overdue() -> bool:
    """Request PIPELINE_HEARTBEAT_URL where no root task is overdue; return if it was accepted."""
    url = heartbeat_url()
    if url is None:
        return False
    try:
        current = settings.current()
        times = installed.schedules(current.config_dir / "crontab")
        is_overdue = bool(overdue.overdue(Layout(current.data_dir), times, clock.now()))
    except (PipelineError, OSError) as error:
        LOGGER.warning("No heartbeat was sent: %s", error)
        return False
    return not is_overdue and send(url)


def send(url: Secret) -> bool:
    """Return whether the address accepted a request; a thread that hangs is left behind."""
    results: queue.SimpleQueue[bool] = queue.SimpleQueue()
    threading.Thread(target=lambda: results.put(_attempts(url)), daemon=True).start()
    try:
        accepted = results.get(timeout=TOTAL_SECONDS)
    except queue.Empty:
        accepted = False
    if not accepted:
        LOGGER.warning("The heartbeat was not accepted: see the service of PIPELINE_HEARTBEAT_URL.")
    return accepted


def _attempts(url: Secret) -> bool:
    import requests

    for logger in ("urllib3", "requests"):  # they log addresses, which hold the secret
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    for attempt in range(ATTEMPTS):
        threading.Event().wait(PAUSE_SECONDS if attempt else 0)
        try:
            with requests.get(url.secret, timeout=timeout, stream=True) as response:
                if response.ok:
                    return True
        except Exception:  # noqa: S112  whatever it is, its text may hold the address
            continue
    return False
