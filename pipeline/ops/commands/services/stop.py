"""`tmdb-pipeline stop`."""

import click

from pipeline.ops.commands.options import runtime_option
from pipeline.ops.runtimes.choose import choose_runtime


@click.command("stop")
@runtime_option
def command(runtime: str) -> None:
    """Stop the luigid that `start` started, or take the compose stack down; data is kept."""
    click.echo(choose_runtime(runtime).stop())
