"""A run that is stopped stops whole: no task process of it goes on and writes.

The main process ends them first and leaves as from the keyboard, with 128 and the signal's number.
If it is killed by SIGKILL, Linux ends them; elsewhere they finish the list they are at.
"""

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from types import FrameType

import luigi.configuration

from pipeline import settings
from pipeline.runtime import logs, luigi_setup

GRACE_SECONDS = 5.0  # to end in: a request in flight, a luigid that does not answer
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


class Stopped(KeyboardInterrupt):
    """A signal asks for the end; luigi lets it pass as it does a KeyboardInterrupt."""

    def __init__(self, number: int) -> None:
        super().__init__()
        # The last resort ends a run that hangs; it is cancelled once luigi has let go.
        self.name, self.status = signal.Signals(number).name, 128 + number
        self.last_resort = threading.Timer(GRACE_SECONDS, os._exit, [self.status])
        self.last_resort.daemon = True


def exit_status(error: BaseException) -> int:
    """Return the exit status that this ending of a run comes to."""
    if isinstance(error, KeyboardInterrupt):
        return getattr(error, "status", 128 + signal.SIGINT)
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else int(error.code is not None)
    return 1


def install() -> None:
    """Handle the signals that ask for an end, except those that this process ignores.

    luigi enters our context around each task, unless luigi.cfg names another one.
    """
    ours = [number for number in _SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in ours:
        signal.signal(number, _stop)
    parent = os.getpid()
    os.register_at_fork(after_in_child=lambda: _become_a_child(parent, ours))
    configuration = luigi.configuration.get_config()
    if not configuration.get("worker", "task_process_context", ""):
        configuration.set("worker", "task_process_context", f"{__name__}.join_run")


@contextlib.contextmanager
def join_run(_: multiprocessing.Process) -> Iterator[None]:
    """Join log and signals of the run in a task process that is not forked, as on macOS.

    A forked process has all of it. The log stays open: the process ends with its task.
    """
    parent = multiprocessing.parent_process()
    if parent is not None and multiprocessing.get_start_method() != "fork":
        _become_a_child(os.getppid(), _SIGNALS)
        if not parent.is_alive():  # it was killed while this process was starting
            os._exit(128 + signal.SIGKILL)
        luigi_setup.configure()
        luigi_setup.install()
        logs.join("json" if settings.value("PIPELINE_LOG_FORMAT") == "json" else "text")
    yield


def end_task_processes(seconds: float = GRACE_SECONDS) -> None:
    """Kill what this process started, and wait for each of them for so long."""
    children = multiprocessing.active_children()
    for child in children:
        child.kill()
    for child in children:
        child.join(seconds)


def _stop(number: int, frame: FrameType | None) -> None:
    """End the task processes, then this one; a second signal does not find us here again."""
    for each in _SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    end_task_processes(seconds=0)
    stop = Stopped(number)
    stop.last_resort.start()
    raise stop


def _become_a_child(parent: int, signals: Sequence[signal.Signals]) -> None:
    """Make a task process die of a signal at once, and with its parent."""
    for number in signals:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG
        if os.getppid() != parent:
            os._exit(128 + signal.SIGKILL)
