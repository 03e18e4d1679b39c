"""Standard output and error that may be closed, full, or of any encoding.

The documents of a run are on the disk by then, so no run fails because of what it prints.
"""

import atexit
import codecs
import contextlib
import io
import json
import os
import sys


def prepare() -> None:
    """Let any text be printed, and keep the exit status if nothing can be printed."""
    for number in range(3):  # a document must not get the number of a closed stream
        try:
            os.fstat(number)
        except OSError:  # opens the lowest free number, which is this one
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    codecs.register_error("json-escape", _escape)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="json-escape")
    atexit.register(_flush)


def show(text: str) -> None:
    """Print to standard output, unless nothing can be written there."""
    with contextlib.suppress(OSError):
        print(text)
    _flush()


def _flush() -> None:
    """Flush both streams; discard what cannot be written, so that no later flush raises."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            with open(os.devnull, "w") as devnull:
                os.dup2(devnull.fileno(), stream.fileno())


def _escape(error: UnicodeError) -> tuple[str, int]:
    r"""Print what an encoding lacks as \uXXXX, so that JSON stays valid."""
    assert isinstance(error, UnicodeEncodeError)
    return json.dumps(error.object[error.start : error.end])[1:-1], error.end
