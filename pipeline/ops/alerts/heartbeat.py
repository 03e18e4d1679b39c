"""The heartbeat: a request to a dead man's switch outside this machine while all is well.

A machine that is off, a cron daemon that has ended and a full disk cannot alert by themselves. The
service behind PIPELINE_HEARTBEAT_URL alerts when the request stays away.
"""

import contextlib
import logging
import threading

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.schedule import installed, overdue
from pipeline.ops.settings import heartbeat_url
from pipeline.tmdb.credential import Secret

LOGGER = logging.getLogger("luigi-interface.pipeline")

ATTEMPTS = 3
CONNECT_SECONDS, READ_SECONDS, PAUSE_SECONDS = 3.05, 5.0, 1.0  # of one attempt, and after it
TOTAL_SECONDS = 10.0  # of all, name lookups included: the next run must not wait for them


def send_unless_overdue() -> None:
    """Request PIPELINE_HEARTBEAT_URL, if it is set and no root task is overdue."""
    if (url := heartbeat_url()) is None:
        return
    try:
        current = settings.current()
        times = installed.schedules(current.config_dir / "crontab")
        if not overdue.overdue(current.layout, times, clock.now()):
            send(url)
    except (PipelineError, OSError) as error:
        LOGGER.warning("No heartbeat was sent: %s", error)


def send(url: Secret) -> bool:
    """Return whether the address accepted a request; a thread that hangs is left behind."""
    results: list[bool] = []
    thread = threading.Thread(target=lambda: results.append(_attempts(url)), daemon=True)
    thread.start()
    thread.join(TOTAL_SECONDS)
    if not any(results):
        LOGGER.warning("The heartbeat was not accepted: see the service of PIPELINE_HEARTBEAT_URL.")
    return any(results)


def _attempts(url: Secret) -> bool:
    import requests

    for logger in ("urllib3", "requests"):  # they log addresses, which hold the secret
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    for attempt in range(ATTEMPTS):
        threading.Event().wait(PAUSE_SECONDS if attempt else 0)
        with contextlib.suppress(Exception):  # whatever it is, its text may hold the address
            if requests.get(url.secret, timeout=timeout, stream=True).ok:
                return True
    return False
