"""Copies of the pipeline's luigi configurations with short waits."""

from __future__ import annotations

import configparser
import re
from pathlib import Path

# Seconds between two attempts of a failed task; runs end after the longer time without a task.
RETRY_DELAY_SECONDS = 0.1
IDLE_SECONDS = 0.5
QUICK = {
    # A luigid that is gone counts as lost at once, and one that hangs after 4 s.
    "core": {"rpc_retry_attempts": "2", "rpc_retry_wait": "0", "rpc_connect_timeout": "2"},
    "worker": {
        "max_keep_alive_idle_duration": str(IDLE_SECONDS),
        "timeout": "30",
        "wait_interval": "0.05",
        "wait_jitter": "0.05",
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


def change_options(path: Path, **options: str) -> None:
    """Give options that a configuration has another value."""
    text = path.read_text(encoding="utf-8")
    for name, value in options.items():
        text, found = re.subn(rf"(?m)^{name} = .*$", f"{name} = {value}", text)
        assert found == 1, name
    path.write_text(text, encoding="utf-8")
