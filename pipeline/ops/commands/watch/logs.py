"""`tmdb-pipeline logs`."""

import click

from pipeline.ops.commands.options import runtime_option
from pipeline.ops.runtimes.choose import choose_runtime


@click.command("logs")
@click.argument("what", default="run", metavar="[luigid|run|TASK]")
@click.option("-n", "lines", type=click.IntRange(min=0), default=50, show_default=True,
              help="How many of the last lines.")  # fmt: skip
@click.option("--follow", "-f", is_flag=True, help="Go on with what is added, until Ctrl-C.")
@runtime_option
def command(what: str, lines: int, follow: bool, runtime: str) -> None:
    """Show the end of the newest run's log, of a task's newest run, or of luigid's log."""
    choose_runtime(runtime).show_logs(what, lines, follow=follow)
