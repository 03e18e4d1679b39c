"""Standard output and error that may be closed, full, or a pipe without a reader.

The documents of a run are on the disk by then, so no run fails because of what it prints.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TextIO

from pipeline import streams


def prepare() -> None:
    """Redirect closed streams to /dev/null, and keep the exit status if the last flush fails.

    Otherwise a document could get the number of a closed stream, and messages would be written
    into it; and Python would exit with 120 if it cannot flush its output.
    """
    for number in range(3):
        _redirect_if_closed(number)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    streams.prepare()
    atexit.register(_flush)


def show(text: str) -> None:
    """Print to standard output; characters that its encoding lacks are escaped."""
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        show(text.encode("ascii", errors="backslashreplace").decode())
    except OSError:
        _discard(sys.stdout)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _discard(stream)


def _discard(stream: TextIO) -> None:
    """Discard what is still in the stream's buffer, so that no later flush raises."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)


def _redirect_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this one
