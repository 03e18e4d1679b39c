"""A terminal shows one progress bar for the whole run; a log file shows none."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import subprocess
import termios
from contextlib import suppress
from pathlib import Path

import luigi
from luigi.rpc import RPCError
from support.fake_tmdb import FakeTmdb
from support.luigi_runs import LuigiRun, luigi_command

from pipeline.runtime.progress import Progress

ARGUMENTS = ("TopRatedMovies", "--date", "2024-01-07", "--local-scheduler")


def shown_on_a_terminal(environment: dict[str, str], folder: Path) -> str:
    """What a terminal of 100 columns receives while luigi runs."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    with subprocess.Popen(
        luigi_command(*ARGUMENTS), env=environment, cwd=folder, stdout=theirs, stderr=theirs
    ):
        os.close(theirs)
        received = b""
        with suppress(OSError):  # how Linux reports that the other end is closed
            while piece := os.read(ours, 65_536):
                received += piece
    os.close(ours)
    return received.decode()


def test_a_terminal_shows_a_bar(
    environment: dict[str, str], clean_environment: Path, tmdb: FakeTmdb
) -> None:
    shown = shown_on_a_terminal(environment, clean_environment)

    assert "lists 1/1, pages 20/20: top_rated" in shown


def test_a_redirected_log_stays_clean(luigi_run: LuigiRun, tmdb: FakeTmdb) -> None:
    run = luigi_run(*ARGUMENTS[:3])

    assert run.status == 0
    assert "/20" not in run.output
    assert "\r" not in run.output


def test_the_scheduler_gets_the_progress_until_it_is_gone() -> None:
    learned: list[object] = []

    def learn(message: str) -> None:
        learned.append(message)
        if len(learned) == 4:
            raise RPCError("gone")

    task = luigi.Task()
    task.set_progress_percentage = learned.append
    task.set_status_message = learn
    with Progress(task, "drama", 15) as progress:
        for done in (1, 9, 15):
            progress(done, 15)

    assert learned == [7, "drama: 1 of 15 pages", 60, "drama: 9 of 15 pages"]
