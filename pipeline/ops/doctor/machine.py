"""The machine: clock, disk, memory."""

from __future__ import annotations

import contextlib
import email.utils
import os
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.doctor.network import held_seconds
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.transport import Transport

MAX_SECONDS_APART = 30
MIN_DISK_BYTES = 1 << 30
MIN_INODES = 10_000
MIN_MEMORY_BYTES = 256 << 20
REQUEST_SECONDS = 4.0

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def clock_and_zone() -> Finding:
    """Compare the clock with the Date that the API's host sends; show the time zone."""
    zone = f"time zone {clock.now().astimezone():%Z (UTC%z)}"
    current, sent = settings.current(), None
    if current.credential and current.credential.is_demo:
        return Finding(OK, f"{zone}; demo: there is no host to compare the clock with")
    if not held_seconds(current):
        with contextlib.suppress(ValueError, PipelineError):
            # Even the refusal of a request without a key has the header.
            transport = Transport(current.api_url, Credential(""), connections=1)
            with contextlib.closing(transport):
                answer = transport.send("/configuration", {}, REQUEST_SECONDS)
            sent = email.utils.parsedate_to_datetime(answer.headers.get("Date", ""))
    if sent is None:
        advice = "Fix what the line about the host says, then look again."
        return Finding(WARNING, f"{zone}; not compared: the host sends no date", advice)
    apart = abs((clock.now() - sent).total_seconds())
    found = f"{apart:.0f} s from {urlsplit(current.api_url).netloc}; {zone}"
    if apart > MAX_SECONDS_APART:
        fix = "Switch time synchronisation on (timedatectl set-ntp true)."
        return Finding(WARNING, found, fix)
    return Finding(OK, found)


def disk() -> Finding:
    """Look at space and inodes where the data root is, or will be."""
    root = settings.current().data_dir
    status = os.statvfs(existing(root))
    free = status.f_bavail * status.f_frsize
    found = f"{_size(free)} free below {root}"
    if status.f_files:
        found += f", {status.f_favail:,} inodes"
    if free < MIN_DISK_BYTES or (status.f_files > 0 and status.f_favail < MIN_INODES):
        fix = "Free space there, or move the data root (PIPELINE_DATA_DIR)."
        return Finding(PROBLEM if free < MIN_DISK_BYTES // 20 else WARNING, found, fix)
    return Finding(OK, found)


def memory() -> Finding:
    """Look at what memory is available, by the machine and by the container's limit."""
    free = []
    with contextlib.suppress(OSError, LookupError, ValueError):  # another system than Linux
        free.append(_numbers(MEMINFO)["MemAvailable:"] << 10)
    with contextlib.suppress(OSError, LookupError, ValueError):  # no limit, or no container
        limit, used = (int((CGROUP / f"memory.{each}").read_text()) for each in ("max", "current"))
        # The page cache that the kernel gives up first is counted as used.
        free.append(limit - used + _numbers(CGROUP / "memory.stat")["inactive_file"])
    if not free:
        return Finding(OK, "not known on this system")
    found = f"{_size(min(free))} available"
    if min(free) < MIN_MEMORY_BYTES:
        fix = "End other programs, or give the machine or the container more."
        return Finding(WARNING, found, fix)
    return Finding(OK, found)


def existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _numbers(path: Path) -> dict[str, int]:
    """Read a file of the kernel: a name and a number a line."""
    words = (line.split() for line in path.read_text().splitlines())
    return {name: int(number) for name, number, *_ in words}


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
