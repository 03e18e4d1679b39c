"""`tmdb-pipeline start`."""

import click

from pipeline.ops.commands.options import runtime_option
from pipeline.ops.runtimes.choose import choose_runtime


@click.command("start")
@runtime_option
def command(runtime: str) -> None:
    """Start luigid in the background of this host, or the compose stack, unless it runs already.

    `--runtime compose` starts the stack of the working folder for the first time.
    """
    click.echo(choose_runtime(runtime).start())
