"""The machine: clock, disk, memory."""

from __future__ import annotations

import contextlib
import datetime
import email.utils
import os
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding
from pipeline.ops.doctor.tmdb import held_seconds
from pipeline.tmdb.credential import Credential
from pipeline.tmdb.transport import Transport

MOST_SECONDS_APART = 30
LEAST_DISK_BYTES = 1 << 30
LEAST_INODES = 10_000
LEAST_MEMORY_BYTES = 256 << 20
SECONDS = 4.0

_CGROUP = Path("/sys/fs/cgroup")


def clock_and_zone() -> Finding:
    """Compare the clock with the Date that the API's host sends; show the time zone."""
    zone = f"time zone {clock.now().astimezone():%Z (UTC%z)}"
    current = settings.current()
    if current.credential and current.credential.is_demo:
        return Finding("clock", OK, f"{zone}; demo: there is no host to compare the clock with")
    sent = None if held_seconds(current) else _date_of(current.api_url)
    if sent is None:
        advice = "Fix what the line about the host says, then look again."
        return Finding("clock", WARNING, f"{zone}; not compared: the host sends no date", advice)
    apart = abs((clock.now() - sent).total_seconds())
    found = f"{apart:.0f} s from {urlsplit(current.api_url).netloc}; {zone}"
    if apart > MOST_SECONDS_APART:
        fix = "Switch time synchronisation on (timedatectl set-ntp true)."
        return Finding("clock", WARNING, found, fix)
    return Finding("clock", OK, found)


def disk() -> Finding:
    """Look at space and inodes where the data root is, or will be."""
    root = settings.current().data_dir
    status = os.statvfs(existing(root))
    free = status.f_bavail * status.f_frsize
    found = f"{_size(free)} free below {root}"
    if status.f_files:
        found += f", {status.f_favail:,} inodes"
    few_inodes = bool(status.f_files) and status.f_favail < LEAST_INODES
    if free < LEAST_DISK_BYTES or few_inodes:
        fix = "Free space there, or move the data root (PIPELINE_DATA_DIR)."
        state = PROBLEM if free < LEAST_DISK_BYTES // 20 else WARNING
        return Finding("disk", state, found, fix)
    return Finding("disk", OK, found)


def memory() -> Finding:
    """Look at what memory is available, by the machine and by the container's limit."""
    free = [each for each in (_free_of_the_machine(), _free_of_the_container()) if each is not None]
    if not free:
        return Finding("memory", OK, "not known on this system")
    found = f"{_size(min(free))} available"
    if min(free) < LEAST_MEMORY_BYTES:
        fix = "End other programs, or give the machine or the container more."
        return Finding("memory", WARNING, found, fix)
    return Finding("memory", OK, found)


def existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _date_of(api_url: str) -> datetime.datetime | None:
    """Return the time that any answer's header names; even a refusal for want of a key has it."""
    try:
        transport = Transport(api_url, Credential(""), connections=1)
        with contextlib.closing(transport):
            answer = transport.send("/configuration", {}, SECONDS)
        return email.utils.parsedate_to_datetime(answer.headers.get("Date", ""))
    except (ValueError, PipelineError):
        return None


def _free_of_the_machine() -> int | None:
    lines = _lines(Path("/proc/meminfo"))
    found = (line.split() for line in lines if line.startswith("MemAvailable:"))
    return next((int(words[1]) << 10 for words in found), None)


def _free_of_the_container() -> int | None:
    try:
        limit, used = (int(_lines(_CGROUP / f"memory.{name}")[0]) for name in ("max", "current"))
    except (IndexError, ValueError):
        return None  # no limit, or no container
    return limit - used


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
