"""The log files below the data root: one a run, and luigid's."""

import contextlib
import os
import threading
from pathlib import Path
from typing import BinaryIO

import click

from pipeline.errors import NotPossible, StorageError
from pipeline.ops.runs import record
from pipeline.paths import Layout
from pipeline.roots import family_of
from pipeline.runtime.logs import safe_text
from pipeline.storage import local

_POLL_SECONDS = 0.3
_SHOWN_BYTES = 4 << 20  # read from the end of a log; other tools show what precedes them


def found(layout: Layout, what: str) -> Path:
    """Return the file of `luigid`, the newest `run`, a task's newest, or of a run by its ID.

    Raise NotPossible where there is none.
    """
    if what[:1].isdecimal():
        if log := record.find(layout, what).log:
            return layout.work / log
        raise NotPossible(f"The run {what} has no log: it began before its data root was known.")
    pattern = layout.luigid_log.name
    if what != "luigid":  # that of a task: `tmdb-pipeline` writes some, too
        pattern = f"????????T??????Z_{'[A-Z]*' if what == 'run' else family_of(what)}_*.log"
    if not (paths := sorted(layout.logs.glob(pattern))):
        raise NotPossible(f"There is no log of {what} in {layout.logs} yet.")
    return paths[-1]


def show(path: Path, lines: int, *, follow: bool) -> None:
    """Print the last lines of a file; `follow` goes on until it is interrupted."""
    click.echo(f"==> {path}", err=True)
    with contextlib.ExitStack() as opened:
        try:
            stream = opened.enter_context(local.open_end(path, _SHOWN_BYTES))
        except OSError as error:
            raise StorageError(f"{path} cannot be read ({error.strerror}).") from None
        text = stream.read(_SHOWN_BYTES)
        _echo(b"".join(text.splitlines(keepends=True)[-lines:] if lines else []))
        pause = threading.Event()
        with contextlib.suppress(KeyboardInterrupt):
            while follow and not pause.wait(_POLL_SECONDS):
                is_replaced = _is_replaced(stream, path)
                _echo(stream.read())
                if is_replaced:
                    stream = opened.enter_context(local.open_end(path, _SHOWN_BYTES))


def last_line(path: Path) -> str:
    """Return the last line of a log that says something, without secrets."""
    lines: list[bytes] = []
    with contextlib.suppress(OSError):
        lines = local.read_end(path, _SHOWN_BYTES).strip().splitlines()
    return safe_text(lines[-1].decode("utf-8", errors="replace")) if lines else "it logged nothing"


def _echo(content: bytes) -> None:
    click.echo(safe_text(content.decode("utf-8", errors="replace")), nl=False)


def _is_replaced(stream: BinaryIO, path: Path) -> bool:
    """Return whether the path is of another file by now, or of the same one cut short."""
    with contextlib.suppress(FileNotFoundError):
        now, ours = path.stat(), os.fstat(stream.fileno())
        return not os.path.samestat(now, ours) or now.st_size < stream.tell()
    return False
