"""Prepare the environment of a job in a crontab: its settings file and its output.

Neither keeps the job from running: what cannot be read or opened is reported where the output goes.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import subprocess
import sys

from pipeline.ops.settings import adopt, environment

_READ_SETTINGS = 'set -a; . "$1" >/dev/null; exec /usr/bin/env -0'
_READ_SECONDS = 10.0
_OF_THE_SHELL = ("_", "SHLVL", "PWD", "OLDPWD")


def read_settings_file() -> None:
    """Set the variables of the file that ENVIRONMENT names, read as a shell reads it."""
    given = environment()
    path = given.get("ENVIRONMENT")
    if not path:
        return
    try:
        done = subprocess.run(  # noqa: S603  our own text, and the path as an argument
            ["/bin/sh", "-c", _READ_SETTINGS, "sh", path],
            capture_output=True,
            timeout=_READ_SECONDS,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        say(f"tmdb-scheduled: {path} in ENVIRONMENT cannot be read ({type(error).__name__}).")
        return
    if done.returncode:  # what the shell says may hold a secret
        name = re.escape(os.fsencode(path))  # else it is the line of our own text
        line = re.search(rb": (\d+): %b: |%b: line (\d+): " % (name, name), done.stderr)
        where = f", line {int(line[1] or line[2])}," if line else ""
        say(f"tmdb-scheduled: {path}{where} in ENVIRONMENT cannot be read: correct it.")
        return
    pairs = (os.fsdecode(each).partition("=") for each in done.stdout.split(b"\0") if each)
    read = {name: value for name, _, value in pairs if name not in _OF_THE_SHELL}
    adopt({name: value for name, value in read.items() if given.get(name) != value})


def open_output() -> None:
    """Send the output to the file or pipe that OUTPUT names; keep the present one if that fails."""
    path = environment().get("OUTPUT")
    if not path:
        return
    try:
        # Without O_NONBLOCK a pipe that nobody reads would hold the job for ever.
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NONBLOCK | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o640)
    except OSError as error:
        say(f"tmdb-scheduled: {path} in OUTPUT cannot be written ({error.strerror}): correct it.")
        return
    fcntl.fcntl(descriptor, fcntl.F_SETFL, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def say(sentence: str) -> None:
    """Print a sentence on stderr; an output that accepts nothing fails no job."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        print(sentence, file=sys.stderr, flush=True)  # noqa: T201  the wrapper's own output
