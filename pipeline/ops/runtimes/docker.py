"""`docker compose` as a program: run with its output shown, or asked for what it knows."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType

import click

from pipeline.errors import StorageError

EXIT_INTERRUPTED = 130


def executable() -> str:
    """Return the docker command.

    Raises:
        StorageError: there is none.
    """
    if found := shutil.which("docker"):
        return found
    raise StorageError("There is no `docker` command: install it, or use --runtime host.")


def show(*words: str) -> None:
    """Run `docker compose` with its output shown as it comes; Ctrl-C ends it and is no fault."""
    status = run(words, stdin=None)
    if status == EXIT_INTERRUPTED:
        sys.exit(status)
    if status:
        text = f"`docker compose {' '.join(words)}` ended with status {status}"
        raise StorageError(f"{text}: see what it says above.")


def run(words: Sequence[str], stdin: int | None = subprocess.PIPE) -> int:
    """Run `docker compose` with its output shown, and return its status.

    The client is a session of its own, so that Ctrl-C reaches this process alone. With a pipe that
    closes stdin, which ends what `exec` started inside: docker passes no signal on to it.
    """
    sys.stdout.flush()
    client = subprocess.Popen(  # noqa: S603  no shell, and words of our own
        [executable(), "compose", *words], stdin=stdin, start_new_session=True
    )

    def stop(number: int, _: FrameType | None) -> None:
        if client.stdin is None:
            client.send_signal(number)
        else:
            client.stdin.close()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    return client.wait()


def output_of(*words: str) -> str:
    """Run `docker compose` and return what it prints."""
    status, text, why = ask(words, 20.0)
    if status:
        raise StorageError(f"`docker compose {' '.join(words)}` failed: {why}")
    return text


def ask(words: Sequence[str], seconds: float) -> tuple[int, str, str]:
    """Run `docker compose`; return its status, what it prints, and its last word on stderr."""
    try:
        done = subprocess.run(  # noqa: S603  no shell, and words of our own
            [executable(), "compose", *words], capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise StorageError(
            f"`docker compose {' '.join(words[:3])}` did not answer in {seconds:g} s: see whether "
            "the docker service runs."
        ) from None
    lines = click.unstyle(done.stderr.decode(errors="replace")).strip().splitlines()
    why = lines[-1].strip() if lines else "it said nothing."
    return done.returncode, done.stdout.decode(errors="replace"), why
