"""`tmdb-pipeline run`, and its alias `trigger`."""

import sys

import click

from pipeline import clock
from pipeline.ops.commands.options import choose_runtime, runtime_option, stdin_option
from pipeline.ops.roots import family_of


@click.command("run")
@click.argument("task", type=family_of)
@click.argument("words", nargs=-1, metavar="[DATE] [-- LUIGI OPTIONS]")
@runtime_option
@stdin_option
def command(task: str, words: tuple[str, ...], runtime: str) -> None:
    """Run TASK of DATE (YYYY-MM-DD) now, as the schedule would: lock, retries and pages.

    TASK is a task's name, `daily` or `weekly`. Without DATE it is today, or for `weekly` the newest
    date that was due. What stands behind `--` goes to luigi, as in
    `run GenreMovies -- --genre horror`. The exit status is luigi's.
    """
    dated = bool(words) and not words[0].startswith("-")
    day = clock.day_of(words[0]) if dated else None
    sys.exit(choose_runtime(runtime).run_task(task, day, words[1:] if dated else words))


trigger = click.Command(
    "trigger", params=command.params, callback=command.callback,
    help=f"Alias of `run`.\n\n{command.help}",
)  # fmt: skip
