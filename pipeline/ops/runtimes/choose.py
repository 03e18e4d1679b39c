"""The choice of a runtime by its name, for the option --runtime of the commands."""

from __future__ import annotations

import click

from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.runtimes.host import Host
from pipeline.ops.runtimes.runtime import Runtime


def choose_runtime(name: str) -> Runtime:
    """Return the runtime of that name; `auto` is compose where its services run here, else host.

    Where docker is installed, `auto` reports why it did not choose compose.
    """
    absence = Compose.absence() if name == "auto" else None
    if name == "compose" or (name == "auto" and absence is None):
        return Compose()
    if absence:
        click.echo(f"{absence} This is the host; --runtime says which one is meant.", err=True)
    return Host()
