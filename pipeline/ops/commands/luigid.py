"""`tmdb-pipeline luigid`: the hardened luigid in the foreground."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline.ops import luigi_options
from pipeline.ops.scheduler.starter import serve


@click.command()
@click.option("--address", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8082, show_default=True, help="0: a free one."
)
@click.option(
    "--state-path",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What it remembers between two starts.  [default: below the data root]",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    help="A host name besides localhost by which it may be asked for; may be given repeatedly.",
)
def command(
    address: str, port: int, state_path: Path | None, allowed_hosts: tuple[str, ...]
) -> None:
    """Run the hardened luigid in the foreground until SIGTERM or Ctrl-C."""
    luigi_options.refuse_unusable()
    serve(address, port, state_path, allowed_hosts)
