"""Choose the scheduler of a run: luigid if it serves this data root, else the local one.

A run must not depend on luigid: TMDB's lists of a day that is over are gone. An unattended run asks
luigid once, before anything is planned, and uses the local scheduler if it does not answer.
"""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from typing import Any

import tenacity

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.ops import luigi_configuration
from pipeline.ops.alerts import send
from pipeline.ops.data_root_id import claim, data_root_id
from pipeline.ops.luigid import client, private
from pipeline.ops.private_files import open_private
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout

LOGGER = logging.getLogger("luigi-interface.pipeline")

LOST_SECONDS = 60.0
"""Seconds without an answer after which luigid counts as lost for the rest of the run."""

INTERACTIVE_SECONDS = 1.5
"""An interactive run only asks whose data root it is; luigi itself finds out that it is away."""

TASK = "luigid"
"""The name under which an outage of luigid is alerted."""


def uses_luigid(
    layout: Layout, address: str, claims: contextlib.ExitStack, *, unattended: bool
) -> bool:
    """Ask luigid, warn where the run cannot use it, and return whether it does.

    A luigid that serves another data root is not used by any run. One that cannot name its data
    root is claimed for ours, as long as `claims` is open. An interactive run does not fall back.
    """
    try:
        url = luigi_configuration.scheduler_url(address)
    except SettingsError as error:
        if unattended:
            _warn(str(error))
        return not unattended
    seconds = INTERACTIVE_SECONDS
    if unattended:
        bound_waits()
        seconds = client.MAX_SECONDS
    password = luigi_configuration.scheduler_password(address) or luigid_password()
    look = client.look_within(seconds, url, password)
    if not look.answers:
        if unattended:
            why = f"luigid does not answer at {url} ({look.why})"
            alert_outage(layout, f"{why}.")
            _warn(why)
        return not unattended
    with contextlib.suppress(OSError):
        os.close(open_private(layout.luigid_seen))
    if unattended:
        send.all_clear(TASK, clock.today(), f"luigid answers again at {url}.")
    if look.data_root is None:
        serves = claims.enter_context(claim(url, layout))
    else:
        serves = look.data_root == data_root_id(layout)
    if not serves:
        _warn(f"luigid at {url} serves another data root")
    return serves


def alert_outage(layout: Layout, sentence: str) -> None:
    """Alert that luigid is away, once an outage, and only where it has ever answered."""
    if os.path.exists(layout.luigid_seen) and not send.is_open(TASK):
        text = (
            f"{sentence} Runs use the local scheduler meanwhile: nothing is lost but their entries "
            "in the task history. `tmdb-pipeline status` and `tmdb-pipeline logs luigid` show more."
        )
        send.raise_alert(TASK, clock.today(), "no-answer", "luigid does not answer", text)


def bound_waits(seconds: float = LOST_SECONDS) -> None:
    """Have this process wait for luigid so long in all, and not at all once that is over.

    luigi repeats each call a number of times, whatever each takes: a luigid that hangs would be
    waited for three times as long as one that is gone, and at the end of the run once more. Task
    processes only report their progress, and repeat nothing: no list waits for that.
    """
    lost, main_process = threading.Event(), os.getpid()

    def retryer(scheduler: Any) -> tenacity.Retrying:
        attempts, pause = private.retry_limits(scheduler)
        most = attempts if os.getpid() == main_process else 1

        def is_over(state: tenacity.RetryCallState) -> bool:
            if state.attempt_number >= most or (state.seconds_since_start or 0) >= seconds:
                lost.set()
            return lost.is_set()

        return tenacity.Retrying(wait=tenacity.wait_fixed(pause), stop=is_over, reraise=True)

    private.set_retryer(retryer)


def _warn(why: str) -> None:
    LOGGER.warning("%s: this run uses the local scheduler.", why.rstrip("."))
