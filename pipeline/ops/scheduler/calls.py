"""The calls of luigi that are accepted, and the validation of their arguments.

luigi's API passes a request's arguments on unchecked: an unknown name or another type ends in a
traceback, at worst in one at every later `get_work`. Here a call is validated before luigi sees it.
A call that is not in these tables is refused, also one that a later luigi adds.
"""

from __future__ import annotations

import functools
import inspect
import json
from typing import Any

from luigi.scheduler import RPC_METHODS, Scheduler

from pipeline.ops.scheduler.refused import Refused
from pipeline.ops.scheduler.values import CHECKS

READS = frozenset(
    {
        "dep_graph",
        "fetch_error",
        "get_running_task_resources",
        "get_task_progress_percentage",
        "get_task_status_message",
        "graph",
        "has_task_history",
        "inverse_dep_graph",
        "is_pause_enabled",
        "is_paused",
        "resource_list",
        "task_list",
        "task_search",
        "worker_list",
    }
)
"""Calls that change nothing: what the page shows."""

OF_WORKERS = frozenset(
    {
        "add_task",
        "add_worker",
        "announce_scheduling_failure",
        "count_pending",
        "get_work",
        "ping",
        "prune",
        "report_task_statistics",
        "set_task_progress_percentage",
        "set_task_status_message",
    }
)
"""Calls by which a run of the pipeline works."""

OF_OPERATORS = frozenset({"forgive_failures", "mark_as_done", "pause", "re_enable_task", "unpause"})
"""Buttons of the page. Pausing does nothing unless luigi.cfg sets `pause_enabled`."""

_NEEDS_WORKER = frozenset({"add_task", "announce_scheduling_failure", "get_work", "ping"})


def arguments_of(method: str, payload: str) -> dict[str, Any]:
    """Return a call's arguments, every one known by name and of the right type.

    Raises:
        Refused: no such call (404), one that is not accepted (403), or arguments that are no JSON
            object, incomplete, unknown or of a wrong type (400).
    """
    if method not in RPC_METHODS:
        raise Refused(404, "luigid has no such call.")
    if method not in READS | OF_WORKERS | OF_OPERATORS:
        raise Refused(403, f"{method} is not accepted here: no run of the pipeline needs it.")
    arguments = _object(payload)
    known, required = _signature(method)
    for name, value in arguments.items():
        if name not in known or not CHECKS[name](value):
            raise Refused(400, f"{method} has no argument {name[:40]!r}, or not with such a value.")
    if missing := sorted(required - arguments.keys()):
        raise Refused(400, f"{method} lacks the argument {missing[0]!r}.")
    return arguments


def _object(payload: str) -> dict[str, Any]:
    try:
        arguments = json.loads(payload or "{}", parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise Refused(400, "The arguments are no JSON.") from None
    if not isinstance(arguments, dict):
        raise Refused(400, "The arguments are no JSON object.")
    return arguments


def _no_number(name: str) -> float:
    raise ValueError(name)  # NaN would make every page that shows it unreadable


@functools.cache
def _signature(method: str) -> tuple[set[str], set[str]]:
    """Return the names of a call's arguments, and of those that have to be there."""
    parameters = list(inspect.signature(getattr(Scheduler, method)).parameters.values())[1:]
    named = [each for each in parameters if each.kind is not each.VAR_KEYWORD]
    worker = {"worker"} if method in _NEEDS_WORKER else set()
    owners = {"owners"} if method == "add_task" else set()
    required = {each.name for each in named if each.default is each.empty}
    return {each.name for each in named} | worker | owners, required | worker
