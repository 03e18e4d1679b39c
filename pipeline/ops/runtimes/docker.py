"""`docker compose` as a program: run with its output shown, or asked for what it knows."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Any

import click

from pipeline.errors import StorageError
from pipeline.ops.runtimes.runtime import Document

EXIT_INTERRUPTED = 130

_ASK_SECONDS = 20.0
_INSIDE_SECONDS = 120.0


def executable() -> str:
    """Return the docker command.

    Raises:
        StorageError: there is none.
    """
    found = shutil.which("docker")
    if not found:
        raise StorageError("There is no `docker` command: install it, or use --runtime host.")
    return found


def shown(*words: str) -> None:
    """Run `docker compose` with its output shown as it comes; Ctrl-C ends it and is no fault.

    Raises:
        StorageError: it ended with another status than 0.
    """
    sys.stdout.flush()
    command = [executable(), "compose", *words]
    try:
        status = subprocess.run(command, check=False).returncode  # noqa: S603  no shell
    except KeyboardInterrupt:
        sys.exit(EXIT_INTERRUPTED)
    if status:
        raise StorageError(
            f"`docker compose {' '.join(words)}` ended with status {status}: see what it "
            "says above."
        )


def attached(*words: str) -> int:
    """Run `docker compose` with its output shown and its stdin open until this process is stopped.

    The client is a session of its own, so that Ctrl-C reaches this process alone: closing stdin
    ends what runs in the container, and the client shows how it ends.

    Returns:
        The exit status of what ran.
    """
    sys.stdout.flush()
    client = subprocess.Popen(  # noqa: S603  no shell, and words of our own
        [executable(), "compose", *words], stdin=subprocess.PIPE, start_new_session=True
    )

    def close_stdin(number: int, frame: FrameType | None) -> None:
        if client.stdin is not None:
            client.stdin.close()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, close_stdin)
    return client.wait()


def output_of(*words: str) -> str:
    """Run `docker compose` and return what it prints."""
    done = _run(words, _ASK_SECONDS)
    if done.returncode:
        raise StorageError(f"`docker compose {' '.join(words)}` failed: {_last(done.stderr)}")
    return done.stdout


def asked(words: Sequence[str]) -> Document:
    """Return the document that `tmdb-pipeline WORDS --json` prints inside the container."""
    inside = ["tmdb-pipeline", *words, "--runtime", "host", "--json"]
    done = _run(["exec", "-T", "cron", *inside], _INSIDE_SECONDS)
    try:
        document: Document = json.loads(done.stdout)
    except ValueError:
        raise StorageError(f"The container cron does not answer: {_last(done.stderr)}") from None
    return document


def _run(words: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    command = [executable(), "compose", *words]
    try:
        return subprocess.run(  # noqa: S603  no shell, and words of our own
            command, capture_output=True, text=True, errors="replace", timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise StorageError(
            f"`docker compose {' '.join(words[:3])}` did not answer in {seconds:g} s: see whether "
            "the docker service runs."
        ) from None


def _last(text: str) -> str:
    lines = click.unstyle(text).strip().splitlines()
    return lines[-1].strip() if lines else "it said nothing."


def rows(text: str) -> list[dict[str, Any]]:
    """Read what `ps --format json` prints: a list in older versions, a row a line in newer ones."""
    try:
        found = json.loads(text) if text.startswith("[") else [*map(json.loads, text.splitlines())]
    except ValueError:
        raise StorageError("`docker compose ps` said nothing that can be understood.") from None
    return [row for row in found if isinstance(row, dict)]
