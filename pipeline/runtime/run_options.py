"""Options of luigi that decide how a run behaves: its scheduler, and whether it is unattended."""

from __future__ import annotations

import re
import sys

import luigi.interface
import luigi.worker


def uses_luigid() -> bool:
    """Whether the command line and luigi.cfg ask for luigid, not for the local scheduler."""
    return not luigi.interface.core().local_scheduler


def scheduler_url() -> str:
    """Return luigid's address, without the login that may be part of it."""
    core = luigi.interface.core()
    url = core.scheduler_url or f"http://{core.scheduler_host}:{core.scheduler_port}/"
    return re.sub(r"//[^/]*@", "//", str(url))


def retries_tasks() -> bool:
    """Whether config/unattended.cfg is in force: it makes luigi retry failed tasks."""
    return bool(luigi.worker.worker().keep_alive)


def is_unattended() -> bool:
    """Whether the run is unattended: unattended.cfg is in force, or stderr is no terminal.

    Only such a run falls back to the local scheduler, alerts, and sends the heartbeat.
    """
    return retries_tasks() or not sys.stderr.isatty()
