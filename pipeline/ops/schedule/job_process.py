"""The command of a job as a process: its time limit, the signals that end it, the lock it holds."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from pipeline.ops.private_files import open_private, try_lock
from pipeline.ops.schedule.job_environment import say
from pipeline.ops.settings import environment

CANNOT_START = 127
"""The exit status by which a shell says that there is no such command."""

TIME_LIMIT_SECONDS = 8 * 3600.0
"""The default time limit of a run; LIMIT_SECONDS names another one."""

KILL_AFTER_SECONDS = 60.0
"""Seconds that a command has to end after SIGTERM."""

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Lock(NamedTuple):
    """The lock of a root task; `descriptor` is None where none could be had."""

    is_free: bool
    descriptor: int | None


NO_LOCK = Lock(True, None)


class JobProcess:
    """Run one command after the other, and pass signals on to the one that runs."""

    def __init__(self) -> None:
        self.stopped_by = 0
        """The signal that asked for the end; 0 where none did."""
        self._process: subprocess.Popen[bytes] | None = None

    @contextlib.contextmanager
    def passing_signals_on(self) -> Iterator[None]:
        """Pass the signals that ask for an end on to the command; this process ends after it."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number, handler in before.items():
            if handler is not signal.SIG_IGN:
                signal.signal(number, self._pass_on)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def run(
        self, command: Sequence[str], variables: Mapping[str, str], lock: Lock = NO_LOCK
    ) -> int:
        """Run a command within the time limit; return its status as a shell would.

        The command holds the lock as well, so that it is not started again where this process is
        killed and the command goes on.
        """
        if self.stopped_by:
            return 128 + self.stopped_by
        held = () if lock.descriptor is None else (lock.descriptor,)
        try:
            self._process = subprocess.Popen(  # noqa: S603  the words of the crontab or the unit
                command,
                env={**environment(), **variables},
                stdin=subprocess.DEVNULL,
                pass_fds=held,
            )
        except OSError as error:
            say(f"{command[0]} cannot be started ({error.strerror}): see PATH.")
            return CANNOT_START
        self._pass_on_what_came_before()
        status = _waited(self._process)
        self._process = None
        return status if status >= 0 else 128 - status

    def _pass_on_what_came_before(self) -> None:
        """Pass on a signal that came while the command was being started."""
        if self.stopped_by and self._process is not None:
            self._process.send_signal(self.stopped_by)

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = number
        if self._process is not None:
            self._process.send_signal(number)


@contextlib.contextmanager
def locked(path: Path | None) -> Iterator[Lock]:
    """Hold the lock of that file, and yield it.

    A lock that cannot be had at all (a full disk, another owner) keeps no run from starting.
    """
    try:
        descriptor = open_private(path) if path else None
    except OSError:
        descriptor = None
    if descriptor is None:
        yield NO_LOCK
        return
    try:
        yield Lock(try_lock(descriptor), descriptor)
    finally:
        os.close(descriptor)


def _waited(process: subprocess.Popen[bytes]) -> int:
    try:
        return process.wait(_time_limit())
    except subprocess.TimeoutExpired:
        say("The time limit is over: the run is ended.")
        process.terminate()
    try:
        return process.wait(KILL_AFTER_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _time_limit() -> float:
    try:
        limit = float(environment().get("LIMIT_SECONDS", ""))
    except ValueError:
        return TIME_LIMIT_SECONDS
    return limit if 0 < limit < TIME_LIMIT_SECONDS else TIME_LIMIT_SECONDS
