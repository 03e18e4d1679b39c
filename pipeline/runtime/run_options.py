"""Whether a run retries its tasks, and whether it is unattended."""

from __future__ import annotations

import sys

import luigi.worker


def retries_tasks() -> bool:
    """Whether config/unattended.cfg is in force: it makes luigi retry failed tasks."""
    return bool(luigi.worker.worker().keep_alive)


def is_unattended() -> bool:
    """Whether the run is unattended: unattended.cfg is in force, or stderr is no terminal.

    Only such a run falls back to the local scheduler, alerts, and sends the heartbeat.
    """
    return retries_tasks() or not sys.stderr.isatty()
