"""luigid as a process of this host: where it shall listen, its start, the wait for its answer."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

from pipeline.errors import SettingsError, StorageError
from pipeline.ops.runs import log_files
from pipeline.ops.runtimes import processes
from pipeline.paths import Layout

START_SECONDS = 30.0
"""Seconds in which luigid has to answer: it first reads its state and asks the database."""

_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def address(url: str) -> tuple[str, int]:
    """Return where a luigid has to listen to be found at the URL.

    Raises:
        SettingsError: the URL is of another machine.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    if host not in _LOOPBACK:
        raise SettingsError(
            f"scheduler_url in luigi's configuration names a luigid on {host}: start it there, or "
            "set scheduler_url = http://127.0.0.1:8082/."
        )
    return ("127.0.0.1" if host == "localhost" else host), port


def launch(host: str, port: int, layout: Layout) -> processes.Process:
    """Start the hardened luigid as a session of its own, and remember its process.

    Raises:
        StorageError: its log or its process file cannot be written.
    """
    words = ["--address", host, "--port", str(port), "--state-path", str(layout.luigid_state)]
    words += ["--log-file", str(log_files.luigid_log(layout))]
    try:
        with log_files.opened_for_luigid(layout) as log:
            child = subprocess.Popen(  # noqa: S603  no shell, and words of our own
                [sys.executable, "-m", "pipeline.ops.cli", "luigid", *words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        process = processes.of(child.pid)
        processes.record(layout.luigid_pid, process)
    except OSError as error:
        raise StorageError(
            f"luigid cannot be started below {layout.root}: {error.strerror}."
        ) from None
    return process


def await_answer(process: processes.Process, layout: Layout, answers: Callable[[], bool]) -> None:
    """Wait until luigid answers; whatever does not become one is ended again.

    Raises:
        StorageError: it ended or did not answer; the sentence holds the last line of its log.
    """
    processes.until(lambda: not process.is_running or answers(), START_SECONDS)
    if process.is_running and answers():
        return
    why = f"did not answer in {START_SECONDS:g} s" if process.is_running else "ended at once"
    process.stop()
    layout.luigid_pid.unlink(missing_ok=True)
    log = log_files.luigid_log(layout)
    raise StorageError(f"luigid {why}: {log_files.last_line(log)} (log: {log})")
