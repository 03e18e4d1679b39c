"""A job of the schedule as a process: its settings file, output, time limit, signals and lock.

None of them keeps a job from running: what cannot be read or opened is reported on the output.
"""

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

from pipeline.ops.settings import adopt, environment
from pipeline.storage.private_files import open_private, try_lock

TIME_LIMIT_SECONDS = 8 * 3600.0  # of a run; LIMIT_SECONDS names another one
KILL_AFTER_SECONDS = 60.0  # after SIGTERM


def read_settings() -> None:
    """Set the variables of the file that ENVIRONMENT names, read as a shell reads it."""
    if not (path := environment().get("ENVIRONMENT")):
        return
    script, pipe = 'set -a; . "$1" >/dev/null; exec /usr/bin/env -0', subprocess.PIPE
    command = ["/bin/sh", "-c", script, "sh", path]
    try:
        output = subprocess.check_output(command, input=b"", timeout=10, stderr=pipe)  # noqa: S603
    except (OSError, subprocess.SubprocessError) as error:
        # What the shell says may hold a secret, but for the line, unless it is one of our own text.
        name, said = re.escape(os.fsencode(path)), getattr(error, "stderr", None) or b""
        line = re.search(rb": (\d+): %b: |%b: line (\d+): " % (name, name), said)
        where = f", line {int(line[1] or line[2])}," if line else ""
        say(f"tmdb-scheduled: {path}{where} in ENVIRONMENT cannot be read: correct it.")
    else:
        pairs = (os.fsdecode(each).partition("=") for each in output.split(b"\0") if each)
        adopt({name: value for name, _, value in pairs})


def open_output() -> None:
    """Send the output to the file or pipe that OUTPUT names; keep the present one if that fails."""
    if not (path := environment().get("OUTPUT")):
        return
    try:
        # Without O_NONBLOCK a pipe that nobody reads would hold the job for ever.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o640)
    except OSError as error:
        say(f"tmdb-scheduled: {path} in OUTPUT cannot be written ({error.strerror}): correct it.")
        return
    os.set_blocking(descriptor, True)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def say(sentence: str) -> None:
    """Print a sentence on stderr; an output that accepts nothing fails no job."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201  the wrapper's own output


class JobProcess:
    """Run one command after the other, and pass the signals that ask for an end on to it."""

    def __init__(self, output: int | None = None) -> None:
        self._output = output  # where the output goes instead of ours, such as DEVNULL
        self.stopped_by = 0  # the signal that asked for the end
        self._process: subprocess.Popen[bytes] | None = None
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._pass_on)

    def run(self, command: Sequence[str], added: Mapping[str, str], fds: Sequence[int] = ()) -> int:
        """Run a command within the time limit; return its status as a shell would.

        The command holds the lock by these descriptors as well, so that it is not started again
        where this process is killed and the command goes on.
        """
        if self.stopped_by > 0:
            return 128 + self.stopped_by
        given, none = {**environment(), **added}, subprocess.DEVNULL
        try:
            process = subprocess.Popen(  # noqa: S603
                command, env=given, stdin=none, stdout=self._output, stderr=self._output,
                pass_fds=fds,
            )  # fmt: skip
        except OSError as error:
            say(f"{command[0]} cannot be started ({error.strerror}): see PATH.")
            return 127  # as a shell, where there is no such command
        self._process = process
        if self.stopped_by:  # while the command was being started
            process.send_signal(self.stopped_by)
        seconds = re.fullmatch(r"\d{1,5}(\.\d+)?", given.get("LIMIT_SECONDS", ""))
        most = min((seconds and float(seconds[0])) or TIME_LIMIT_SECONDS, TIME_LIMIT_SECONDS)
        for limit, end in ((most, process.terminate), (KILL_AFTER_SECONDS, process.kill)):
            try:
                process.wait(limit)
                break
            except subprocess.TimeoutExpired:
                say("The time limit is over: the run is ended.")
                end()
        status = process.wait()
        self._process = None
        return status if status >= 0 else 128 - status

    def _pass_on(self, number: int, _: FrameType | None) -> None:
        self.stopped_by = number
        if self._process is not None:
            self._process.send_signal(number)


@contextlib.contextmanager
def locked(path: Path | None, *, wait: bool = False) -> Iterator[tuple[int, ...] | None]:
    """Hold the lock of that file, and yield its descriptor; None where another process has it.

    Where none can be had at all (a full disk, another owner), it counts as free.
    """
    with contextlib.ExitStack() as stack:
        held: tuple[int, ...] | None = ()
        with contextlib.suppress(OSError):
            if path:
                stream = stack.enter_context(open(open_private(path), "rb"))
                is_ours = try_lock(stream.fileno(), wait=wait)
                held = (stream.fileno(),) if is_ours else None
        yield held
