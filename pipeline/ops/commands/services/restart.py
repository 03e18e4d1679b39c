"""`tmdb-pipeline restart`."""

import click

from pipeline.ops.commands.options import runtime_option
from pipeline.ops.runtimes.choose import choose_runtime


@click.command("restart")
@runtime_option
def command(runtime: str) -> None:
    """Stop and start again, so that changed settings take effect."""
    here = choose_runtime(runtime)
    click.echo(here.stop())
    click.echo(here.start())
