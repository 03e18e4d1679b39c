"""The machine: clock, memory, disk, and the files that only its user may read or write."""

import contextlib
import email.utils
import os
import stat
from pathlib import Path
from urllib.parse import urlsplit

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.doctor import network
from pipeline.ops.doctor.examine import OK, PROBLEM, WARNING, Finding

MAX_SECONDS_APART = 30
MIN_DISK_BYTES = 1 << 30
MIN_INODES = 10_000
MIN_MEMORY_BYTES = 256 << 20

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def clock_and_zone() -> Finding:
    """Compare the clock with the Date that the API's host sends; show the time zone."""
    zone, current = f"time zone {clock.now().astimezone():%Z (UTC%z)}", settings.current()
    if finding := network.unasked(current):
        return finding._replace(found=f"{zone}; {finding.found}")
    try:
        headers = network.request(current).headers
        sent = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, PipelineError):
        fix = "Fix what the line about the host says, then look again."
        return Finding(WARNING, f"{zone}; not compared: the host sends no date", fix)
    apart = abs((clock.now() - sent).total_seconds())
    found = f"{apart:.0f} s from {urlsplit(current.api_url).netloc}; {zone}"
    if apart > MAX_SECONDS_APART:
        return Finding(WARNING, found, "Switch time synchronisation on (timedatectl set-ntp true).")
    return Finding(OK, found)


def disk() -> Finding:
    """Look at space and inodes where the data root is, or will be."""
    root = settings.current().data_dir
    status = os.statvfs(existing(root))
    free = status.f_bavail * status.f_frsize
    inodes = f", {status.f_favail:,} inodes" if status.f_files else ""
    found = f"{_size(free)} free below {root}{inodes}"
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
        return Finding(WARNING, found, "End other programs, or give the container more memory.")
    return Finding(OK, found)


def data_root() -> Finding:
    """See whether the data root can be written, or made."""
    root = settings.current().data_dir
    place = existing(root)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(PROBLEM, f"{place} cannot be written by this user", adopt(place))
    return Finding(OK, f"{root} {'is writable' if place == root else 'can be made'}")


def adopt(folder: Path) -> str:
    """Return how to give a folder to this user."""
    return f"Give it to the user who runs the pipeline: chown -R {os.geteuid()} {folder}."


def dotenv() -> Finding:
    """See that nobody else can read the secrets in `.env`."""
    path = Path(".env")
    if not path.is_file():
        return Finding(OK, "there is none here")
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        return Finding(
            WARNING, f"others can read it (mode {mode:04o})", f"chmod 600 {path.absolute()}"
        )
    return Finding(OK, f"only its owner can read it (mode {mode:04o})")


def existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _numbers(path: Path) -> dict[str, int]:
    """Read a file of the kernel: a name and a number a line."""
    words = (line.split() for line in path.read_text().splitlines())
    return {name: int(number) for name, number, *_ in words}


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
