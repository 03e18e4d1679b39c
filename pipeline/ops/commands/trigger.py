"""`tmdb-pipeline trigger`."""

import click

from pipeline import clock
from pipeline.ops.options import Family, runtime_option
from pipeline.ops.runtime import chosen


@click.command("trigger", context_settings={"ignore_unknown_options": False})
@click.argument("task", type=Family())
@click.argument("words", nargs=-1, metavar="[DATE] [-- LUIGI OPTIONS]")
@runtime_option
def command(task: str, words: tuple[str, ...], runtime: str) -> None:
    """Run TASK of DATE (YYYY-MM-DD, else today) now, and show what it says.

    TASK is a task's name, `daily` or `weekly`. What stands behind `--` goes to luigi, as in
    `trigger GenreMovies -- --genre horror`. The exit status is luigi's.
    """
    dated = bool(words) and not words[0].startswith("-")
    day = clock.day_of(words[0]) if dated else None
    chosen(runtime).run_task(task, day, words[1:] if dated else words)
