"""The choice of a runtime by its name, for the option --runtime of the commands."""

from __future__ import annotations

from pipeline.ops.runtimes.compose import Compose
from pipeline.ops.runtimes.host import Host
from pipeline.ops.runtimes.runtime import Runtime


def choose_runtime(name: str) -> Runtime:
    """Return the runtime of that name; `auto` is compose where its services run here, else host."""
    if name == "compose" or (name == "auto" and Compose.runs_here()):
        return Compose()
    return Host()
