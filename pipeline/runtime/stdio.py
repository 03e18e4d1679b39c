"""Where a run prints to may be closed, on a full disk, or a pipe whose reader left.

What a run collected is on the disk by then: no run fails because of what nobody reads.
"""

from __future__ import annotations

import atexit
import os
import sys
from typing import TextIO

from pipeline import streams


def prepare() -> None:
    """Let what is closed lead nowhere, and the end of this process be as the run was.

    Else a document would be opened under the number of the closed one, and whoever writes to that
    would write into the document; and Python ends with 120 when its last words find no place.
    """
    for number in range(3):
        _lead_nowhere_if_closed(number)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    streams.prepare()
    atexit.register(_let_go)


def show(text: str) -> None:
    """Print to standard output; what its encoding lacks is printed as an escape."""
    try:
        print(text, flush=True)
    except UnicodeEncodeError:
        show(text.encode("ascii", errors="backslashreplace").decode())
    except OSError:
        _lead_nowhere(sys.stdout)


def _let_go() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            _lead_nowhere(stream)


def _lead_nowhere(stream: TextIO) -> None:
    """Give up what is still in the stream, so that no later flush raises."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _lead_nowhere_if_closed(number: int) -> None:
    try:
        os.fstat(number)
    except OSError:
        os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # the lowest free number: this one
