"""Runs of luigi: as the real command, or forked from a process that has imported the pipeline.

A forked one starts in no time, its file calls can be trapped, and it can be another user's. What it
does is what the command does: `pipeline.luigi_cli.luigi` with the command's words.
"""

from __future__ import annotations

import ctypes
import multiprocessing
import multiprocessing.connection
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from multiprocessing import forkserver
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import psutil
from support.luigi_runs import luigi_command
from support.repository import REPOSITORY

from trials.trapped import Trap

LONGEST_SECONDS = 100.0
"""A run that takes longer hangs."""

HANGS = 999
"""The status of a run that was still there by then."""


_EVERYTHING = (
    "pipeline.luigi_cli",
    "pipeline.ops.runs.session",
    "pipeline.runtime.signals",
    "pipeline.pages.daily",
    "pipeline.pages.index",
    "pipeline.pages.weekly",
    "pipeline.quality.report",
    "pipeline.tmdb.transport",
    "dotenv.parser",
    "trials.concurrent_runs",
    "trials.disks",
    "trials.kills",
    "trials.kills_of_luigid",
    "trials.permissions",
    "trials.places",
)
"""What a run imports on its way, and the trial, which multiprocessing imports: once for all."""


class Order(NamedTuple):
    """How a run is to be started."""

    words: Sequence[str]
    variables: Mapping[str, str]
    folder: Path
    output: Path
    trap: Trap | None = None
    powerless: bool = False


_ONE_AT_A_TIME = threading.Lock()


class Run:
    """A run that is under way, in a process group of its own."""

    def __init__(self, process: subprocess.Popen[bytes] | BaseProcess, output: Path):
        self._process = process
        self._output = output
        assert process.pid is not None
        self.pid = process.pid
        self.began = time.monotonic()

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll() is not None
        return self._exitcode() is not None

    def _exitcode(self) -> int | None:
        """Ask for the status alone: of two threads that read it at once one is given 255."""
        assert not isinstance(self._process, subprocess.Popen)
        with _ONE_AT_A_TIME:
            return self._process.exitcode

    def status(self, seconds: float = LONGEST_SECONDS) -> int:
        """Wait for its end and return its exit status, negative where a signal ended it."""
        try:
            if isinstance(self._process, subprocess.Popen):
                return self._process.wait(seconds)
            multiprocessing.connection.wait([self._process.sentinel], seconds)
            if (code := self._exitcode()) is not None:
                return code
        except subprocess.TimeoutExpired:
            pass
        self.kill()
        return HANGS

    def kill(self) -> None:
        """Kill it and its workers at once, as the machine's end would."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def kill_alone(self) -> None:
        """Kill the main process and nobody else."""
        os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def workers(self) -> list[psutil.Process]:
        """Return its worker processes."""
        try:
            return psutil.Process(self.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []

    @property
    def text(self) -> str:
        """All that it printed so far."""
        return self._output.read_text(encoding="utf-8", errors="replace")

    def _reap(self) -> None:
        if isinstance(self._process, subprocess.Popen):
            self._process.wait()
        else:
            multiprocessing.connection.wait([self._process.sentinel])
            self._exitcode()


def command(order: Order, redirection: str = "") -> Run:
    """Start the real command, by a shell where its output goes elsewhere."""
    words = luigi_command(*order.words)
    if redirection:
        words = ["sh", "-c", f'exec "$@" {redirection}', "sh", *words]
    with order.output.open("wb") as stream:
        process = subprocess.Popen(
            words,
            env=dict(order.variables),
            cwd=order.folder,
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,
        )
    return Run(process, order.output)


def forked(order: Order) -> Run:
    """Fork a run."""
    order.output.touch()
    process = _forkserver().Process(target=_become, args=(order,))
    with _ONE_AT_A_TIME:  # a start looks whether earlier ones have ended
        process.start()
    return Run(process, order.output)


@cache
def _forkserver() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, *_EVERYTHING])
    variables = {
        "PATH": os.environ["PATH"],
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
        "PYTHONWARNINGS": "ignore::UserWarning:multiprocessing.resource_tracker",  # of the killed
    }
    with mock.patch.dict(os.environ, variables, clear=True):
        forkserver.ensure_running()
    return context


def _become(order: Order) -> None:
    """Be the `luigi` command from here on."""
    os.setsid()
    descriptor = os.open(order.output, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.environ.clear()
    os.environ.update(order.variables)
    os.chdir(order.folder)
    tempfile.tempdir = None
    sys.argv = ["luigi", "--module", "pipeline", *order.words]
    multiprocessing.set_start_method("fork", force=True)
    if order.trap:
        order.trap.set()
    if order.powerless:
        _obey_permissions()
    from pipeline.luigi_cli import luigi

    luigi()


def _obey_permissions() -> None:
    """Give up what lets root pass every permission (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH)."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    effective_permitted_inheritable = (ctypes.c_uint32 * 6)()
    libc.capget(header, effective_permitted_inheritable)
    for each in (0, 1):
        effective_permitted_inheritable[each] &= ~0b110
    if libc.capset(header, effective_permitted_inheritable):
        raise OSError(ctypes.get_errno(), "capset")
