"""Run a command and measure all its processes together: wall and CPU seconds, peak memory."""

from __future__ import annotations

import os
import resource
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path

SAMPLE_SECONDS = 0.02


@dataclass(frozen=True)
class Measured:
    """One run. `peak_mb` is the proportional set size of all its processes together, or None."""

    status: int
    wall_seconds: float
    cpu_seconds: float
    peak_mb: float | None
    output: str


def measured(command: list[str], environment: dict[str, str], *, memory: bool = False) -> Measured:
    """Run the command to its end. Sampling memory takes time, so time and memory go separately."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    peaks: list[float] = []
    sampler = threading.Thread(target=_sample, args=(process, peaks), daemon=True)
    if memory:
        sampler.start()
    output, _ = process.communicate()
    wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(process.returncode, wall, cpu, max(peaks) if peaks else None, output)


def _sample(process: subprocess.Popen[str], peaks: list[float]) -> None:
    while process.poll() is None:
        peaks.append(sum(_proportional_mb(pid) for pid in _tree(process.pid)))
        time.sleep(SAMPLE_SECONDS)


def _tree(root: int) -> list[int]:
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += [int(each) for each in children.read_text().split()]
            except OSError:
                continue
    return found


def _proportional_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def clean_environment() -> dict[str, str]:
    """The environment without any of our variables."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("TMDB_", "PIPELINE_", "LUIGI_"))
    }
