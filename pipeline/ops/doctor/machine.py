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
from pipeline.ops.doctor.examine import PROBLEM, WARNING, Finding, finding

MEMINFO = Path("/proc/meminfo")
CGROUP = Path("/sys/fs/cgroup")


def clock_and_zone() -> Finding:
    """Compare the clock with the Date that the API's host sends; show the time zone."""
    zone, current = f"time zone {clock.now().astimezone():%Z (UTC%z)}", settings.current()
    if unasked := network.unasked(current):
        return unasked._replace(found=f"{zone}; {unasked.found}")
    try:
        headers = network.request(current).headers
        sent = email.utils.parsedate_to_datetime(headers.get("Date", ""))
    except (ValueError, PipelineError):
        fix = "Fix what the line about the host says, then look again."
        return finding(f"{zone}; not compared: the host sends no date", fix)
    apart = abs((clock.now() - sent).total_seconds())
    fix = "Switch time synchronisation on (timedatectl set-ntp true)." if apart > 30 else ""
    return finding(f"{apart:.0f} s from {urlsplit(current.api_url).netloc}; {zone}", fix)


def disk() -> Finding:
    """Look at space and inodes where the data root is, or will be."""
    root = settings.current().data_dir
    status = os.statvfs(_existing(root))
    free, least = status.f_bavail * status.f_frsize, 1 << 30
    inodes = f", {status.f_favail:,} inodes" if status.f_files else ""
    is_short = free < least or (status.f_files > 0 and status.f_favail < 10_000)
    fix = "Free space there, or move the data root (PIPELINE_DATA_DIR)." if is_short else ""
    state = PROBLEM if free < least // 20 else WARNING
    return finding(f"{_size(free)} free below {root}{inodes}", fix, state)


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
        return finding("not known on this system")
    fix = "End other programs, or give the container more memory." if min(free) < 256 << 20 else ""
    return finding(f"{_size(min(free))} available", fix)


def data_root() -> Finding:
    """See whether the data root can be written, or made."""
    root = settings.current().data_dir
    nearest = _existing(root)
    found = f"{root} {'is writable' if nearest == root else 'can be made'}"
    return unusable(nearest) or finding(found)


def unusable(folder: Path) -> Finding | None:
    """Return the finding where this user cannot read and write a folder."""
    if os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        return None
    fix = f"Give it to the user who runs the pipeline: chown -R {os.geteuid()} {folder}."
    return finding(f"{folder} cannot be read and written by this user", fix, PROBLEM)


def dotenv() -> Finding:
    """See that nobody else can read the secrets in `.env`."""
    path = Path(".env")
    if not path.is_file():
        return finding("there is none here")
    mode = stat.S_IMODE(path.stat().st_mode)
    is_open = bool(mode & 0o077)
    found = f"{'others' if is_open else 'only its owner'} can read it (mode {mode:04o})"
    return finding(found, f"chmod 600 {path.absolute()}" if is_open else "")


def _existing(path: Path) -> Path:
    """Return the path, or the nearest folder above it that is there."""
    return next(each for each in (path, *path.parents) if each.exists())


def _numbers(path: Path) -> dict[str, int]:
    """Read a file of the kernel: a name and a number a line."""
    words = (line.split() for line in path.read_text().splitlines())
    return {name: int(number) for name, number, *_ in words}


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
