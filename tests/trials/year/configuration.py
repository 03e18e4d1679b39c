"""Our configuration with a small plan and short waits, and our timers, written into a folder."""

from __future__ import annotations

import configparser
import shutil
from pathlib import Path

from support import systemd
from support.repository import REPOSITORY

PLAN = """
max_days_late = -1
pages = { popular = 1, trending = 1, genre = 1, top_rated = 2 }
top_rated.min_rating = 7.5
genres.list = [
    { id = 28, slug = "action", name = "액션" },
    { id = 878, slug = "science_fiction", name = "SF" },
]
"""
"""A small plan: what is tried is the calendar."""

QUICK = {
    "core": {"rpc_retry_attempts": "20", "rpc_retry_wait": "1", "rpc_connect_timeout": "2"},
    "worker": {"max_keep_alive_idle_duration": "3 seconds", "wait_interval": "0.02",
               "wait_jitter": "0.02"},
    "scheduler": {"retry_delay": "0.3"},
    "tmdb_pipeline": {"daily_retry_delay": "0.3", "weekly_retry_delay": "0.4"},
}  # fmt: skip
"""The waits of an unattended run, made short: nights follow each other within a second.

But a luigid that is started anew on a busy machine needs some seconds, and is to be waited for.
"""


PATIENT = "config/patient.cfg"
"""unattended.cfg for a run during which the clock is set forward: it does not count as idle."""


def write(folder: Path, port: int, *, uses_luigid: bool) -> None:
    """Write `config/` and luigi.cfg, with luigid at that port or with the local scheduler."""
    shutil.copytree(REPOSITORY / "config", folder / "config")
    (folder / "config/collection.toml").write_text(PLAN, encoding="utf-8")
    ours = (
        ("luigi.cfg", ("scheduler", "tmdb_pipeline")),
        ("config/unattended.cfg", ("core", "worker", "scheduler")),
    )
    for name, sections in ours:
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(REPOSITORY / name, encoding="utf-8")
        parser.read_dict({section: QUICK[section] for section in sections})
        if name == "luigi.cfg":
            local = {} if uses_luigid else {"local_scheduler": "True"}
            parser.read_dict({"core": {"scheduler_url": f"http://127.0.0.1:{port}/", **local}})
        with (folder / name).open("w", encoding="utf-8") as stream:
            parser.write(stream)
    parser["worker"]["max_keep_alive_idle_duration"] = "3600 seconds"
    with (folder / PATIENT).open("w", encoding="utf-8") as stream:
        parser.write(stream)


def enable_timers(programs: Path) -> None:
    """Write a `systemctl` that shows the timers of config/systemd as active."""
    programs.mkdir()
    units = REPOSITORY / "config/systemd"
    names = sorted(path.stem.removeprefix("tmdb-") for path in units.glob("*.timer"))
    text = systemd.program(systemd.show(units, *names))
    (programs / "systemctl").write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    (programs / "systemctl").chmod(0o755)
