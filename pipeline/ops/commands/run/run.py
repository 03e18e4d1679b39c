"""`tmdb-pipeline run`, and its alias `trigger`."""

import click

from pipeline import clock
from pipeline.ops.commands.options import command_on_data
from pipeline.ops.schedule import job
from pipeline.ops.schedule.job_process import JobProcess
from pipeline.roots import family_of


@click.command("run")
@click.argument("task", type=family_of)
@click.argument("words", nargs=-1, metavar="[DATE] [-- LUIGI OPTIONS]")
@command_on_data
def command(task: str, words: tuple[str, ...]) -> int:
    """Run TASK of DATE (YYYY-MM-DD) now, as the schedule would: lock, retries and pages.

    TASK is a task's name, `daily` or `weekly`. Without DATE it is today, or for `weekly` the newest
    date that was due. What stands behind `--` goes to luigi, as in
    `run GenreMovies -- --genre horror`. The exit status is luigi's.
    """
    dated = bool(words) and not words[0].startswith("-")
    day = clock.day_of(words[0]) if dated else None
    job.say_if_paused(task)
    return job.trigger(task, day, words[1:] if dated else words, JobProcess())


trigger = click.Command(
    "trigger", params=command.params, callback=command.callback,
    help=f"Alias of `run`.\n\n{command.help}",
)  # fmt: skip
