"""The graph of a task as luigi sees it: what requires what, what is done, what is missing.

luigi's own `luigi-deps-tree` stops at the first exception of a `requires()`; here the exception is
shown at its task, and the rest of the graph too.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import luigi
from luigi.task import flatten
from luigi.task_register import Register

from pipeline import identity, settings
from pipeline.catalog import Plan
from pipeline.errors import NotPossible, PipelineError

Node = dict[str, Any]
"""One task: its `state` is done, missing or unknown; `problem` says why it cannot run."""


def graphs(family: str, date: datetime.date, data_root: Path, plan: Plan) -> list[Node]:
    """Return the graph of a task of a day; one for each genre or list that it can be of.

    Raises:
        NotPossible: luigi cannot make the task of these values.
    """
    identity.only_read()
    task_class = Register.get_task_cls(family)
    parameters = dict(task_class.get_params())
    variants: list[dict[str, str]] = [{}]
    if "genre" in parameters:
        variants = [{"genre": each.slug} for each in plan.genres]
    elif "list" in parameters:
        variants = [{"list": each.name} for each in plan.lists]
    try:
        return [_node(task_class(date=date, **each), data_root) for each in variants]
    except luigi.parameter.ParameterException as error:
        raise NotPossible(f"{family} cannot be looked at: {error}.") from None


def walk(node: Node) -> Iterator[Node]:
    """Yield this node and all below it."""
    yield node
    for each in node["requires"]:
        yield from walk(each)


def lines(
    node: Node, said: Collection[str], first: str = "", further: str = "", *, drawn: set[str]
) -> Iterator[str]:
    """Draw the graph as a tree, a task a line; what is `drawn` already is not drawn again.

    `said` are problems of the whole configuration, which are shown elsewhere.
    """
    task, below = node["task"], node["requires"]
    again = task in drawn and bool(below)
    drawn.add(task)
    file = "(as above)" if again else node["file"] or ""
    yield f"{first}{task}  {node['state']}  {file}".rstrip()
    if node["problem"] and node["problem"] not in said:
        yield f"{further}{'│ ' if below else '  '}! {node['problem']}"
    for number, each in enumerate([] if again else below, start=1):
        branch, rest = ("└─ ", "   ") if number == len(below) else ("├─ ", "│  ")
        yield from lines(each, said, further + branch, further + rest, drawn=drawn)


def _node(task: luigi.Task, data_root: Path) -> Node:
    """Return the graph of a task; whatever its own code raises is shown at its place."""
    name, file, state = str(task.task_family), None, "unknown"
    if values := [value for key, value in task.to_str_params().items() if key != "date"]:
        name = f"{name}({', '.join(values)})"
    required, problems = [], []
    try:
        required = [_node(each, data_root) for each in flatten(task.requires())]
    except Exception as error:
        problems.append(_sentence(error))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            path, is_done = Path(task.output().path), task.complete()
        file = str(path.relative_to(data_root) if path.is_relative_to(data_root) else path)
        state = "done" if is_done else "missing"
    except Exception as error:
        problems.append(_sentence(error))
    problem = problems[0] if problems else None
    return {"task": name, "file": file, "state": state, "problem": problem, "requires": required}


def _sentence(error: Exception) -> str:
    if isinstance(error, PipelineError):
        return str(error)
    return settings.redacted(f"{type(error).__name__}: {error}")
