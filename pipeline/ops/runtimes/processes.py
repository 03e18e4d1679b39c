"""A background process that a file remembers, so that only the very same one is ever ended.

Besides the number the file keeps when the process was started: a number that the machine has given
to another process meanwhile, even after a restart, is not taken for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline import clock
from pipeline.documents import json_text
from pipeline.errors import StorageError
from pipeline.storage import local

_BOOT = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True)
class Process:
    """A process of this machine. `started` distinguishes it from earlier ones with its number."""

    pid: int
    started: str

    @property
    def is_running(self) -> bool:
        """Return whether this very process still runs."""
        return _started(self.pid) == self.started

    def stop(self, grace_seconds: float = 10.0) -> str:
        """End it by SIGTERM, by SIGKILL after the grace; return the signal that did it."""
        for number, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
            if self.is_running:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.pid, number)
            if until(lambda: not self.is_running, seconds):
                return number.name
        raise StorageError(f"Process {self.pid} outlived SIGKILL: its disk does not answer.")


def of(pid: int) -> Process:
    """Return the process that has this number now; one that does not run where none has it."""
    return Process(pid, _started(pid) or "ended")


def recorded(path: Path) -> Process | None:
    """Return the process that the file remembers, if it still runs."""
    try:
        facts = json_text.decode(local.read(path))
        process = Process(int(facts["pid"]), str(facts["started"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return process if process.is_running else None


def record(path: Path, process: Process) -> None:
    """Record the process in the file, by an atomic write."""
    temporary = path.with_suffix(".new")
    temporary.write_text(json.dumps(asdict(process)), encoding="utf-8")
    temporary.rename(path)


@contextlib.contextmanager
def one_at_a_time(path: Path) -> Iterator[None]:
    """Let one command at a time start or stop what the file remembers. Makes its folder, 0700.

    Raises:
        StorageError: the folder cannot be made or written.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise StorageError(
            f"{path.parent} cannot be written ({error.strerror}): fix its owner or permissions."
        ) from None
    try:
        local.lock(descriptor)
        yield
    finally:
        os.close(descriptor)


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait until the condition holds, at most so long; return whether it does."""
    deadline = clock.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        if clock.monotonic() > deadline:
            return False
        pause.wait(0.05)
    return True


def _started(pid: int) -> str | None:
    """Return when the process was started, as the system states it; None if it does not run."""
    if _BOOT.exists():
        return _started_by_proc(pid)
    command = ["/bin/ps", "-o", "stat=,lstart=", "-p", str(pid)]
    answer = subprocess.run(  # noqa: S603  no shell
        command, capture_output=True, text=True, errors="replace", check=False
    ).stdout.strip()
    return None if not answer or answer.startswith("Z") else answer.partition(" ")[2].strip()


def _started_by_proc(pid: int) -> str | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return None if fields[0] in "ZX" else f"{_BOOT.read_text().strip()} {fields[19]}"
