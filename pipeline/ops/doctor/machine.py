"""The machine: memory, disk, and the files that only its user may read or write."""

import contextlib
import os
import re
import stat
from pathlib import Path

import psutil

from pipeline import settings
from pipeline.ops.doctor.examine import PROBLEM, WARNING, Finding, finding
from pipeline.storage.object_path import ObjectPath

CGROUP = Path("/sys/fs/cgroup")


def disk() -> Finding:
    """Look at space and inodes where the data root and the work folder are, or will be."""
    layout = settings.current().layout
    here = [each for each in (layout.root, layout.work) if not isinstance(each, ObjectPath)]
    found = {each: os.statvfs(_existing(each)) for each in here}
    folder, status = min(found.items(), key=lambda each: each[1].f_bavail * each[1].f_frsize)
    free, least = status.f_bavail * status.f_frsize, 1 << 30
    inodes = f", {status.f_favail:,} inodes" if status.f_files else ""
    is_short = free < least or (status.f_files > 0 and status.f_favail < 10_000)
    variable = "PIPELINE_DATA_DIR" if folder == layout.root else "PIPELINE_WORK_DIR"
    what = "data root" if folder == layout.root else "work folder"
    fix = f"Free space there, or move the {what} ({variable})." if is_short else ""
    state = PROBLEM if free < least // 20 else WARNING
    return finding(f"{_size(free)} free below {folder}{inodes}", fix, state)


def memory() -> Finding:
    """Look at what memory is available, by the machine and by the container's limit."""
    free = [psutil.virtual_memory().available]
    with contextlib.suppress(OSError, LookupError, ValueError):  # no limit, or no container
        limit, used = (int((CGROUP / f"memory.{each}").read_text()) for each in ("max", "current"))
        # The page cache that the kernel gives up first is counted as used.
        cached = re.findall(r"^inactive_file (\d+)", (CGROUP / "memory.stat").read_text(), re.M)[0]
        free.append(limit - used + int(cached))
    fix = "End other programs, or give the container more memory." if min(free) < 256 << 20 else ""
    return finding(f"{_size(min(free))} available", fix)


def data_root() -> Finding:
    """See whether the data root can be written, or made."""
    return _written(settings.current().data_dir)


def work_folder() -> Finding:
    """See whether the folder of logs, state and backups can be written, or made."""
    return _written(settings.current().layout.work)


def _written(folder: Path) -> Finding:
    nearest = _existing(folder)
    found = f"{folder} {'is writable' if nearest == folder else 'can be made'}"
    if _file_system(nearest).startswith("nfs"):
        fix = "Use a disk of this machine: NFS locks no folder. Several hosts share a bucket "
        return unusable(nearest) or finding(f"{found}, on NFS", f"{fix}(PIPELINE_DATA_DIR=s3://).")
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
    return next(each for each in (path, *path.parents) if each.exists())


def _file_system(folder: Path) -> str:
    """Return the kind of the file system that a folder is on."""
    kinds = {each.mountpoint: each.fstype for each in psutil.disk_partitions(all=True)}
    above = (str(each) for each in (folder.resolve(), *folder.resolve().parents))
    return next((kinds[each] for each in above if each in kinds), "")


def _size(count: int) -> str:
    return f"{count / (1 << 30):.1f} GiB" if count >= 1 << 30 else f"{count / (1 << 20):.0f} MiB"
