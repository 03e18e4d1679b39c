"""Small disks of memory, in a namespace of mounts that ends with this process."""

from __future__ import annotations

import ctypes
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_CLONE_NEWNS = 0x00020000


def unshare() -> None:
    """Take a namespace of mounts of our own, so that nothing stays mounted whatever happens.

    For the main thread of a process that has started nothing yet. Where it is not allowed,
    `refused` says so later.
    """
    if sys.platform == "linux" and ctypes.CDLL(None, use_errno=True).unshare(_CLONE_NEWNS) == 0:
        _run("mount", "--make-rprivate", "/")


@functools.cache
def refused(folder: Path = Path("/mnt")) -> str:
    """Return why no tmpfs can be mounted here; empty where it can."""
    if os.geteuid():
        return "only root may"
    try:
        with tmpfs(folder, "size=64k"):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return str(getattr(error, "stderr", "") or error).strip()


@contextmanager
def tmpfs(place: Path, options: str) -> Iterator[Path]:
    """Mount a disk of memory for as long as the `with` lasts."""
    place.mkdir(parents=True, exist_ok=True)
    _run("mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place))
    try:
        yield place
    finally:
        _run("umount", "--lazy", str(place))


def remount(place: Path, options: str) -> None:
    """Change it: more space, or no writing."""
    _run("mount", "-o", f"remount,{options}", str(place))


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
