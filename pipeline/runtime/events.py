"""Luigi's events of our tasks, and of no others.

This package is below the tasks, so it registers its handlers on `luigi.Task` and recognizes our
tasks by the module of their class and by their `date`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import luigi


def is_module_of_ours(name: str) -> bool:
    """Whether a module is this package or part of it."""
    return name == "pipeline" or name.startswith("pipeline.")


def is_ours(task: luigi.Task) -> bool:
    """Whether the task makes a document of this pipeline; a subclass of a user's does as well."""
    makes_a_document = hasattr(task, "date") and not isinstance(task, luigi.ExternalTask)
    return makes_a_document and any(
        is_module_of_ours(base.__module__) for base in type(task).__mro__
    )


def on_event(event: str, handler: Callable[..., None]) -> None:
    """Call the handler with the task, and what luigi adds, at each such event of our tasks."""

    def call(task: luigi.Task, *details: Any) -> None:
        if is_ours(task):
            handler(task, *details)

    luigi.Task.event_handler(event)(call)
