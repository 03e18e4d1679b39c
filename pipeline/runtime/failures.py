"""The failures of a run, collected from all of its processes through a pipe.

The log file has them as well, unless it cannot be written. Forked task processes inherit the pipe;
spawned ones (macOS) open it by its name.
"""

from __future__ import annotations

import atexit
import json
import logging
import multiprocessing
import os
import select
import shutil
import tempfile
from pathlib import Path
from typing import NamedTuple

from pipeline import settings
from pipeline.errors import PipelineError
from pipeline.runtime.log_formats import safe_text

UNEXPECTED = "unexpected"

_MAX_BYTES = select.PIPE_BUF
"""Longest line that is written atomically while other processes write as well."""


class Failure(NamedTuple):
    """One failure: the name of its branch of the error tree, and its sentence."""

    cause: str
    sentence: str


class Failures(logging.Handler):
    """Keeps what is logged as an error, in the order in which it was logged."""

    def __init__(self, pipe: Path | None = None) -> None:
        """Open the pipe of that name, or one without a name."""
        super().__init__(logging.ERROR)
        if pipe is None:
            self._read, self._write = os.pipe()
        else:
            self._read = self._write = os.open(pipe, os.O_RDWR | os.O_CLOEXEC)
        for descriptor in (self._read, self._write):
            os.set_blocking(descriptor, False)
        self._found: list[Failure] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Send the record's cause and its first line; drop it if the pipe is full."""
        lines = safe_text(record.getMessage()).strip().splitlines()
        cause = getattr(record, "cause", "") or UNEXPECTED
        sentence = lines[0] if lines else ""
        line = _line(cause, sentence)
        while len(line) > _MAX_BYTES:
            sentence = sentence[: len(sentence) - 1 - (len(line) - _MAX_BYTES) // 4]
            line = _line(cause, sentence)
        try:
            os.write(self._write, line)
        except OSError:
            return

    def all(self) -> list[Failure]:
        """Return all failures of the run so far, without duplicates."""
        self._found += [Failure(*json.loads(line)) for line in self._read_all().splitlines()]
        return list(dict.fromkeys(self._found))

    def _read_all(self) -> bytes:
        chunks = []
        while True:
            try:
                chunk = os.read(self._read, 1 << 16)
            except BlockingIOError:
                break
            if not chunk:
                break
            chunks.append(chunk)
        return b"".join(chunks)


def open_failures() -> Failures:
    """Return the failures of a new run, to be shared by all processes that it starts."""
    if multiprocessing.get_start_method() == "fork":
        return Failures()
    folder = Path(tempfile.mkdtemp(prefix="tmdb-pipeline-run-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    pipe = folder / "failures"
    os.mkfifo(pipe, 0o600)
    settings.set_file_of_this_run(settings.RUN_FAILURES, pipe)
    return Failures(pipe)


def cause_of(error: BaseException) -> str:
    """Return the name of the branch of the error tree that an exception belongs to."""
    return type(error).__name__ if isinstance(error, PipelineError) else UNEXPECTED


def _line(cause: str, sentence: str) -> bytes:
    return json.dumps([cause, sentence]).encode() + b"\n"
