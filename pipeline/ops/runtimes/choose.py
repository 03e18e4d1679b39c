"""The choice of a runtime by its name, for the option --runtime of the commands."""

import click

from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.runtimes.host import Host
from pipeline.ops.runtimes.runtime import Runtime


def choose_runtime(name: str) -> Runtime:
    """Return the runtime of that name; `auto` is compose where its services run here, else host."""
    absence = Compose.absence() if name == "auto" else None
    if absence:
        click.echo(f"{absence} This is the host; --runtime says which one is meant.", err=True)
    return Compose() if absence is None and name != "host" else Host()
