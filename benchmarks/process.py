"""Run a command and measure all its processes together: wall and CPU seconds, peak memory."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02
LEFT_OVER_SECONDS = 10.0
"""How long a process that outlives its command may take to end by itself."""

_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Measured:
    """One run. `peak_mb` is the proportional set size of all its processes together, `processes`
    the most that were there at once; both are None where memory was not looked at."""

    status: int
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float | None
    processes: int | None
    output: str


def measured(
    command: list[str],
    environment: dict[str, str],
    *,
    memory: bool = False,
    folder: Path | None = None,
    seconds: float = 600.0,
) -> Measured:
    """Run the command to its end. Sampling memory takes time, so time and memory go separately.

    What it leaves behind is waited for and counted, so that nothing escapes by a second fork.
    """
    ctypes.CDLL(None).prctl(_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    others = set(_children(os.getpid()))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryFile() as printed:
        started = time.monotonic()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdout=printed, stderr=subprocess.STDOUT
        )
        with _sampled(process, memory) as samples:
            status = _status(process, seconds)
        wall = time.monotonic() - started
        _end_left_overs(others)
        printed.seek(0)
        output = printed.read().decode(errors="replace")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    peak = max((megabytes for megabytes, _ in samples), default=None)
    most = max((number for _, number in samples), default=None)
    return Measured(status, wall, cpu, peak, most, output)


def clean_environment() -> dict[str, str]:
    """The environment without any of our variables."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMDB_", "PIPELINE_", "LUIGI_"))
    }


def weight(root: int) -> tuple[float, int]:
    """Return the proportional megabytes and the number of a process and all below it, now."""
    pids = tree(root)
    return sum(map(_proportional_mb, pids)), len(pids)


def cpu_seconds(root: int) -> float:
    """Return what a process, all below it and all that they have waited for have spent so far."""
    return sum(map(_own_cpu_seconds, tree(root)))


def stat_fields(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the name, which may hold blanks."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def _status(process: subprocess.Popen[bytes], seconds: float) -> int:
    """Wait for the end; a command that takes longer is killed."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


@contextlib.contextmanager
def _sampled(process: subprocess.Popen[bytes], memory: bool) -> Iterator[list[tuple[float, int]]]:
    samples: list[tuple[float, int]] = []

    def sample() -> None:
        while process.poll() is None:
            samples.append(weight(process.pid))
            time.sleep(SAMPLE_SECONDS)

    sampler = threading.Thread(target=sample, daemon=True)
    if memory:
        sampler.start()
    yield samples
    if memory:
        sampler.join()


def _end_left_overs(others: set[int]) -> None:
    """Wait for orphans that came to us; end those that do not end."""
    deadline = time.monotonic() + LEFT_OVER_SECONDS
    while left := set(_children(os.getpid())) - others:
        late = time.monotonic() > deadline
        for pid in left:
            if late:
                os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0 if late else os.WNOHANG)
        time.sleep(SAMPLE_SECONDS)


def tree(root: int) -> list[int]:
    """Return a process and all below it, now."""
    found = [root]
    for pid in found:
        found += _children(pid)
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += [int(each) for each in children.read_text().split()]
    return found


def _own_cpu_seconds(pid: int) -> float:
    try:
        own_and_waited_for = stat_fields(pid)[11:15]
    except OSError:
        return 0.0
    return sum(map(int, own_and_waited_for)) / os.sysconf("SC_CLK_TCK")


def _proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
