"""The log files below the data root: one a run, and luigid's."""

from __future__ import annotations

import contextlib
import io
import os
import re
import threading
from pathlib import Path
from typing import IO

import click

from pipeline import settings
from pipeline.errors import NotPossible, StorageError
from pipeline.ops.roots import family_of
from pipeline.paths import Layout
from pipeline.sanitize import plain
from pipeline.storage import local

LARGEST_BYTES = 10_000_000
"""A log of luigid that is larger when luigid is started becomes its predecessor, `.1`."""

_NAME = re.compile(r"\d{8}T\d{6}Z_(?P<task>.+)_\d+\.log")
_POLL_SECONDS = 0.3

_SHOWN_BYTES = 4 << 20
"""Bytes that are read from the end of a log; other tools show what precedes them."""


def luigid_log(layout: Layout) -> Path:
    """Return the log of a luigid that was started on this host."""
    return layout.logs / "luigid.log"


def opened_for_luigid(layout: Layout) -> IO[bytes]:
    """Open luigid's log to add to it; a large one makes room first."""
    path = luigid_log(layout)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > LARGEST_BYTES:
        path.rename(path.with_suffix(".log.1"))
    path.touch(mode=0o640)
    return path.open("ab")


def found(layout: Layout, what: str) -> Path:
    """Return the file of `luigid`, of the newest `run`, or of the newest run of a task.

    Raises:
        NotPossible: there is no such log, or no such task.
    """
    if what == "luigid":
        paths = [path for path in (luigid_log(layout),) if path.exists()]
    else:
        paths = _of_runs(layout, None if what == "run" else family_of(what))
    if not paths:
        raise NotPossible(f"There is no log of {what} in {layout.logs} yet.")
    return paths[-1]


def show(path: Path, lines: int, *, follow: bool) -> None:
    """Print the last lines of a file; `follow` goes on until it is interrupted."""
    click.echo(f"==> {path}", err=True)
    try:
        end = local.open_end(path, _SHOWN_BYTES)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror}).") from None
    with io.TextIOWrapper(end, encoding="utf-8", errors="replace") as stream:
        text = end.read(_SHOWN_BYTES).decode("utf-8", errors="replace")
        for line in text.splitlines(keepends=True)[-lines:] if lines else ():
            click.echo(plain(settings.redacted(line)), nl=False)
        if follow:
            _follow(stream, path)


def last_line(path: Path) -> str:
    """Return the last line of a log that says something, without secrets."""
    try:
        text = local.read_end(path, _SHOWN_BYTES).decode("utf-8", errors="replace")
        lines = text.strip().splitlines()
    except OSError:
        lines = []
    return plain(settings.redacted(lines[-1].strip())) if lines else "it logged nothing"


def _of_runs(layout: Layout, family: str | None) -> list[Path]:
    """Return the logs of runs, oldest first; of one task only where it is named."""
    names = ((path, _NAME.fullmatch(path.name)) for path in sorted(layout.logs.glob("*.log")))
    tasks = ((path, name["task"]) for path, name in names if name)
    return [path for path, task in tasks if (task == family if family else task != "tmdb-pipeline")]


def _follow(stream: IO[str], path: Path) -> None:
    """Print what is added to the file, and to the one that takes its place, until Ctrl-C."""
    pause = threading.Event()
    with contextlib.ExitStack() as replaced:
        try:
            while not pause.wait(_POLL_SECONDS):
                click.echo(plain(settings.redacted(stream.read())), nl=False)
                if _is_replaced(stream, path):
                    stream = path.open(encoding="utf-8", errors="replace")
                    replaced.enter_context(stream)
        except KeyboardInterrupt:
            click.echo(err=True)


def _is_replaced(stream: IO[str], path: Path) -> bool:
    """Return whether the path is of another file by now, or of the same one cut short."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    then = os.fstat(stream.fileno())
    return (now.st_dev, now.st_ino) != (then.st_dev, then.st_ino) or now.st_size < (
        stream.buffer.tell()  # type: ignore[attr-defined]
    )
