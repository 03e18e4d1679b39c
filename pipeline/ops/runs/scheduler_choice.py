"""Choose the scheduler of a run: luigid if it serves this data root, else the local one.

A run must not depend on luigid: TMDB's lists of a day that is over are gone. An unattended run asks
luigid once, before anything is planned, and uses the local scheduler if it does not answer.
"""

import logging
import os
import threading
from contextlib import ExitStack, suppress
from typing import Any

import tenacity

from pipeline import clock
from pipeline.errors import SettingsError
from pipeline.ops.alerts import send
from pipeline.ops.luigid import client, private
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.runtime import luigi_configuration
from pipeline.storage.data_root_id import claim, data_root_id
from pipeline.storage.private_files import open_private

LOGGER = logging.getLogger("luigi-interface.pipeline")

INTERACTIVE_SECONDS = 1.5  # only asks whose data root it is; luigi finds out that it is away
_TASK = "luigid"  # under which an outage of luigid is alerted


def uses_luigid(layout: Layout, address: str, claims: ExitStack, unattended: bool) -> bool:
    """Ask luigid, warn where the run cannot use it, and return whether it does.

    A luigid that serves another data root is not used by any run. One that cannot name its data
    root is claimed for ours, as long as `claims` is open. An interactive run does not fall back.
    """
    try:
        url = luigi_configuration.scheduler_url(address)
    except SettingsError as error:
        return _fall_back(str(error), unattended)
    if unattended:
        _bound_waits()
    seconds = client.MAX_SECONDS if unattended else INTERACTIVE_SECONDS
    password = luigi_configuration.scheduler_password(address) or luigid_password()
    look = client.look(url, password, seconds)
    if not look.answers:
        why = f"luigid does not answer at {url} ({look.why})"
        if unattended:
            alert_outage(layout, f"{why}.")
        return _fall_back(why, unattended)
    with suppress(OSError):
        os.close(open_private(layout.luigid_seen))
    if unattended:
        send.all_clear(_TASK, clock.today(), f"luigid answers again at {url}.")
    if look.data_root is None:
        is_ours = claims.enter_context(claim(url, layout))
    else:
        is_ours = look.data_root == data_root_id(layout)
    return is_ours or _fall_back(f"luigid at {url} serves another data root", True)


def alert_outage(layout: Layout, sentence: str) -> None:
    """Alert that luigid is away, once an outage, and only where it has ever answered."""
    if os.path.exists(layout.luigid_seen) and not send.is_open(_TASK):
        text = (
            f"{sentence} Runs use the local scheduler meanwhile: nothing is lost but their entries "
            "in the task history. `tmdb-pipeline status` and `tmdb-pipeline logs luigid` show more."
        )
        send.raise_alert(_TASK, clock.today(), "no-answer", "luigid does not answer", text)


def _fall_back(why: str, unattended: bool) -> bool:
    """Warn that the run uses the local scheduler; return whether it uses luigid all the same."""
    if unattended:
        LOGGER.warning("%s: this run uses the local scheduler.", why.rstrip("."))
    return not unattended


def _bound_waits() -> None:
    """Have this process wait for luigid for a minute in all, and not at all once that is over.

    luigi repeats each call, whatever each takes, and at the end of the run once more. Task
    processes only report their progress, and repeat nothing: no list waits for that.
    """
    lost, main_process = threading.Event(), os.getpid()

    def retryer(scheduler: Any) -> tenacity.Retrying:
        attempts, pause = private.retry_limits(scheduler)
        most = attempts if os.getpid() == main_process else 1

        def is_over(state: tenacity.RetryCallState) -> bool:
            if state.attempt_number >= most or (state.seconds_since_start or 0) >= 60:
                lost.set()
            return lost.is_set()

        return tenacity.Retrying(wait=tenacity.wait_fixed(pause), stop=is_over, reraise=True)

    private.set_retryer(retryer)
