"""What a tool keeps running: started in process groups of their own, weighed, and always ended."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from process import cpu_seconds, stat_fields, tree, weight
from support.ports import free_port

from harness.venvs import PEERS, installed

READY_SECONDS = 180.0
END_SECONDS = 20.0
SAMPLE_SECONDS = 0.25
QUIET_CPU = 0.3
"""Below that share of one core a service that has just started has settled."""


class NotReady(Exception):
    """A service did not come up, or did not do its work in time."""


class Services:
    """Processes that run together. Use as a context manager; leaving it ends them, last one first.

    What they print goes to one log.
    """

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        self._log = log.open("ab")
        self.environment = environment
        self._started: list[tuple[subprocess.Popen[bytes], signal.Signals]] = []

    def __enter__(self) -> Services:
        return self

    def __exit__(self, *_: object) -> None:
        for process, ending in reversed(self._started):
            _end(process, ending)
        self._log.close()

    def start(
        self,
        command: list[str],
        *,
        user: str | None = None,
        ending: signal.Signals = signal.SIGTERM,
    ) -> None:
        """Start one more; `ending` is the signal that it takes for a request to end."""
        process = subprocess.Popen(
            command,
            env=self.environment,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            user=user,
            start_new_session=True,
        )
        self._started.append((process, ending))

    def run(self, command: list[str]) -> None:
        """Run a command of the installation to its end."""
        subprocess.run(
            command, env=self.environment, stdout=self._log, stderr=subprocess.STDOUT, check=True
        )

    def wait_until(self, ready: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
        """Wait until it is so; a refused connection means not yet."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for process, _ in self._started:
                if process.poll() is not None:
                    raise NotReady(f"a service ended with status {process.returncode}")
            with contextlib.suppress(OSError, KeyError, ValueError):
                if ready():
                    return
            time.sleep(0.2)
        raise NotReady(f"a service was not ready after {seconds:.0f} s")

    def settle(self, seconds: float = 30.0) -> None:
        """Wait until what was started does little, so that its start is not measured."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(2.0)
            if (self.cpu_seconds() - before) / 2.0 < QUIET_CPU:
                return

    def weight(self) -> tuple[float, int]:
        """Return the proportional megabytes and the number of all their processes, now."""
        weights = [weight(process.pid) for process, _ in self._started]
        return sum(mb for mb, _ in weights), sum(number for _, number in weights)

    def cpu_seconds(self) -> float:
        """Return the CPU seconds of all their processes, and of those that they have waited for."""
        return sum(cpu_seconds(process.pid) for process, _ in self._started)

    @contextlib.contextmanager
    def weighed(self, memory: bool) -> Iterator[list[tuple[float, int]]]:
        """Collect weights within the block."""
        weights: list[tuple[float, int]] = []
        over = threading.Event()

        def sample() -> None:
            while not over.wait(SAMPLE_SECONDS):
                weights.append(self.weight())

        sampler = threading.Thread(target=sample)
        if memory:
            sampler.start()
        try:
            yield weights
        finally:
            over.set()
            if memory:
                sampler.join()


def ask(url: str, body: object = None, token: str | None = None) -> Any:
    """GET a JSON document, or POST one and return the answer."""
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def answers(url: str) -> bool:
    """Whether there is a good answer at that address."""
    with urllib.request.urlopen(url, timeout=30) as answer:
        return bool(answer.status == 200)


def start_postgres(services: Services, folder: Path) -> str:
    """Start an empty PostgreSQL as one of the services; return its URL for SQLAlchemy.

    The folder has to be one that the user it runs as may enter.
    """
    python = installed("postgres").program("python")
    made = subprocess.run(
        [python, str(PEERS / "postgres" / "make.py"), str(folder)], check=True, capture_output=True
    )
    postgres = json.loads(made.stdout)
    port = free_port()
    services.start(
        [
            str(Path(postgres["programs"]) / "postgres"),
            *("-D", str(folder), "-h", "127.0.0.1", "-p", str(port), "-k", str(folder)),
        ],
        user=postgres["user"],
        ending=signal.SIGINT,
    )
    services.wait_until(lambda: _accepts(port))
    return f"postgresql+psycopg2://postgres@127.0.0.1:{port}/postgres"


def end_strays(known: set[int]) -> None:
    """Kill whatever runs below us and was not there before: the rest of a run that failed."""
    for pid in set(tree(os.getpid())) - known - {os.getpid()}:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _end(process: subprocess.Popen[bytes], ending: signal.Signals) -> None:
    """Ask it to end, then kill what is left of it."""
    below = tree(process.pid)
    if process.poll() is None:
        process.send_signal(ending)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(END_SECONDS)
    for pid in [*below, *_group(process.pid)]:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()


def _group(leader: int) -> list[int]:
    """Return the processes of the session that it was the leader of."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            pid = int(stat.parent.name)
            if int(stat_fields(pid)[3]) == leader:
                found.append(pid)
    return found


def _accepts(port: int) -> bool:
    with socket.create_connection(("127.0.0.1", port)):
        return True
