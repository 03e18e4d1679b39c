"""What happens to the hosts, to luigid and to the bucket, in the middle of a week."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from support.waiting import wait_for

from trials.hosts.hub import REQUESTS_PER_SECOND, Hub

KILLED = -signal.SIGKILL
# Requests after which it happens; a week needs 140.
MIDDLE = 40
# Seconds for which a host is cut off, the bucket is frozen, and luigid is away.
CUT_OFF_SECONDS, FROZEN_SECONDS, AWAY_SECONDS = 60, 20, 6
VICTIM = 2  # the host to which it happens


class Case(NamedTuple):
    """A week with one disturbance. `victim` is the host that may fail, or is killed."""

    name: str
    disturb: Callable[[Hub], None]
    victim: int | None = None
    requests_per_second: int = REQUESTS_PER_SECOND


def _nothing(hub: Hub) -> None:
    pass


def _kill_host(hub: Hub) -> None:
    hub.runs[VICTIM - 1].kill()


def _cut_off(hub: Hub) -> None:
    hub.network.cut_off(VICTIM)
    time.sleep(CUT_OFF_SECONDS)
    hub.network.connect(VICTIM)


def _cut_off_for_good(hub: Hub) -> None:
    hub.network.cut_off(VICTIM)


def _restart_luigid(hub: Hub) -> None:
    hub.end_luigid(signal.SIGTERM)
    time.sleep(AWAY_SECONDS)
    hub.start_luigid()


def _kill_luigid(hub: Hub) -> None:
    hub.end_luigid(signal.SIGKILL)
    time.sleep(AWAY_SECONDS)
    hub.start_luigid()


def _freeze_store(hub: Hub) -> None:
    os.kill(hub.store.pid, signal.SIGSTOP)
    time.sleep(FROZEN_SECONDS)
    os.kill(hub.store.pid, signal.SIGCONT)


CASES = (
    Case("nothing", _nothing, requests_per_second=38),
    Case("host 2 killed (kill -9)", _kill_host, VICTIM),
    Case(f"host 2 cut off for {CUT_OFF_SECONDS} s", _cut_off, VICTIM),
    Case("host 2 cut off for good", _cut_off_for_good, VICTIM),
    Case("luigid restarted", _restart_luigid),
    Case("luigid killed (kill -9) and restarted", _kill_luigid),
    Case(f"the bucket frozen for {FROZEN_SECONDS} s", _freeze_store),
)


def play(case: Case, hub: Hub) -> None:
    """Start the runs, disturb them in the middle of the week, and wait for their end."""
    hub.start_runs(case.requests_per_second)
    wait_for(lambda: hub.tmdb.count() >= MIDDLE, seconds=120)
    with ThreadPoolExecutor(1) as pool:
        ends = pool.submit(hub.wait_for_runs)
        case.disturb(hub)
        ends.result()
