"""A run that is stopped stops whole: no task process of it goes on and writes.

Left to itself luigi dies of SIGTERM alone and its task processes finish and publish. Here the main
process ends them first and leaves as from the keyboard, with 128 and the signal's number. Should it
be killed so that it cannot do anything, Linux ends them (`PR_SET_PDEATHSIG`); elsewhere they finish
the list they are at.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

GRACE_SECONDS = 5.0
"""Seconds that a stopped run has to end: a request in flight, a luigid that does not answer."""

_PR_SET_PDEATHSIG = 1


class Stopped(KeyboardInterrupt):
    """A signal asks for the end; luigi lets it pass as it does a KeyboardInterrupt."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number
        self.last_resort: threading.Timer | None = None

    @property
    def name(self) -> str:
        """The signal's name, like SIGTERM."""
        return signal.Signals(self.number).name

    def has_arrived(self) -> None:
        """Let the run report its end in peace: luigi has let go, and nothing hangs any more."""
        if self.last_resort is not None:
            self.last_resort.cancel()

    @property
    def status(self) -> int:
        """The exit status by which a shell knows the signal."""
        return 128 + self.number


def install() -> None:
    """Handle the signals that ask for an end, except those that this process ignores."""
    ours = [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]
    for number in ours:
        signal.signal(number, _stop)
    parent = os.getpid()
    os.register_at_fork(after_in_child=lambda: _become_a_child(parent, ours))


def follow_parent() -> None:
    """Die of a signal at once, and with the parent, in a task process that was not forked.

    The parent may have been killed while this process was starting.
    """
    _become_a_child(os.getppid(), list(SIGNALS))
    parent = multiprocessing.parent_process()
    if parent is not None and not parent.is_alive():
        os._exit(128 + signal.SIGKILL)


def _stop(number: int, frame: FrameType | None) -> None:
    """End the task processes, then this one; a second signal does not find us here again."""
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    for child in multiprocessing.active_children():
        child.kill()
    stop = Stopped(number)
    stop.last_resort = threading.Timer(GRACE_SECONDS, os._exit, [stop.status])
    stop.last_resort.daemon = True
    stop.last_resort.start()
    raise stop


def _become_a_child(parent: int, signals: list[signal.Signals]) -> None:
    """Make a forked process die of a signal at once, and with its parent."""
    for number in signals:
        signal.signal(number, signal.SIG_DFL)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(128 + signal.SIGKILL)
