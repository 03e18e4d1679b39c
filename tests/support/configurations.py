"""Copies of the pipeline's luigi configurations with short waits."""

from __future__ import annotations

import configparser
from pathlib import Path

RETRY_DELAY_SECONDS = 1
IDLE_SECONDS = 2
QUICK = {
    "core": {"rpc_retry_attempts": "4", "rpc_retry_wait": "1", "rpc_connect_timeout": "1"},
    "worker": {
        "max_keep_alive_idle_duration": f"{IDLE_SECONDS} seconds",
        "timeout": "3",
        "wait_interval": "0.1",
        "wait_jitter": "0.1",
    },
    "scheduler": {"retry_delay": str(RETRY_DELAY_SECONDS)},
}


def quick(source: Path, folder: Path, **core: str) -> Path:
    """A copy of one of our configurations, with the same options and small numbers."""
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(source, encoding="utf-8")
    for section, options in QUICK.items():
        parser[section].update(options if source.stem == "unattended" else {})
    parser["scheduler"].update({"retry_delay": str(RETRY_DELAY_SECONDS), "retry_count": "4"})
    parser["core"].update(core)
    path = folder / source.name
    with path.open("w", encoding="utf-8") as stream:
        parser.write(stream)
    return path
