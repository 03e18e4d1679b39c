"""`tmdb-pipeline trigger`."""

import os
import signal
import sys
import threading

import click

from pipeline import clock
from pipeline.ops.commands.options import choose_runtime, runtime_option
from pipeline.ops.roots import family_of


@click.command("trigger")
@click.argument("task", type=family_of)
@click.argument("words", nargs=-1, metavar="[DATE] [-- LUIGI OPTIONS]")
@runtime_option
@click.option("--until-stdin-closes", is_flag=True, hidden=True)
def command(task: str, words: tuple[str, ...], runtime: str, until_stdin_closes: bool) -> None:
    """Run TASK of DATE (YYYY-MM-DD) now, as the schedule would: lock, retries and pages.

    TASK is a task's name, `daily` or `weekly`. Without DATE it is today, or for `weekly` the newest
    date that was due. What stands behind `--` goes to luigi, as in
    `trigger GenreMovies -- --genre horror`. The exit status is luigi's.
    """
    dated = bool(words) and not words[0].startswith("-")
    day = clock.day_of(words[0]) if dated else None
    if until_stdin_closes:
        threading.Thread(target=_stop_when_stdin_closes, daemon=True).start()
    sys.exit(choose_runtime(runtime).run_task(task, day, words[1:] if dated else words))


def _stop_when_stdin_closes() -> None:
    """End this process as Ctrl-C does once the other end of stdin is closed."""
    while os.read(0, 65_536):  # not by sys.stdin, which the end of this process would wait for
        continue
    os.kill(os.getpid(), signal.SIGINT)
