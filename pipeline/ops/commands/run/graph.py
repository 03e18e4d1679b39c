"""The graph of a task as luigi sees it: what requires what, what is done, what is missing.

luigi's own `luigi-deps-tree` stops at the first exception of a `requires()`; here the exception is
shown at its task, and the rest of the graph too.
"""

from __future__ import annotations

import datetime
import warnings
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import luigi
from luigi.task import flatten
from luigi.task_register import Register

from pipeline import identity, settings
from pipeline.catalog import Plan
from pipeline.errors import NotPossible, PipelineError


@dataclass(frozen=True)
class Node:
    """One task of the graph: done, missing or unknown; `problem` says why it cannot run."""

    task: str
    file: str | None
    state: str
    problem: str | None
    requires: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for each in self.requires:
            yield from each.walk()

    def to_json(self) -> dict[str, Any]:
        """Return the node as plain data."""
        return asdict(self)


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
    return [_node(_task(task_class, date, each), data_root) for each in variants]


def lines(node: Node, said: Collection[str] = ()) -> list[str]:
    """Draw the graph as a tree, a task a line; what stands above already is not drawn again.

    `said` are problems of the whole configuration, which are shown elsewhere.
    """
    return list(_lines(node, "", "", set(), said))


def _task(task_class: Any, date: datetime.date, values: dict[str, str]) -> luigi.Task:
    try:
        return task_class(date=date, **values)
    except luigi.parameter.ParameterException as error:
        raise NotPossible(f"{task_class.__name__} cannot be looked at: {error}.") from None


def _node(task: luigi.Task, data_root: Path) -> Node:
    try:
        required = [_node(each, data_root) for each in flatten(task.requires())]
        problem = None
    except Exception as error:  # whatever a task's own code raises is shown at its place
        required, problem = [], _sentence(error)
    state, file, fault = _output(task, data_root)
    return Node(_name(task), file, state, problem or fault, tuple(required))


def _output(task: luigi.Task, data_root: Path) -> tuple[str, str | None, str | None]:
    """Return state, file and what hinders from telling them."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            state = "done" if task.complete() else "missing"
            path = Path(task.output().path)
    except Exception as error:  # see above
        return "unknown", None, _sentence(error)
    inside = path.is_relative_to(data_root)
    return state, str(path.relative_to(data_root) if inside else path), None


def _name(task: luigi.Task) -> str:
    values = [value for name, value in task.to_str_params().items() if name != "date"]
    return f"{task.task_family}({', '.join(values)})" if values else str(task.task_family)


def _sentence(error: Exception) -> str:
    if isinstance(error, PipelineError):
        return str(error)
    return settings.redacted(f"{type(error).__name__}: {error}")


def _lines(
    node: Node, first: str, further: str, drawn: set[str], said: Collection[str]
) -> Iterator[str]:
    again = node.task in drawn and bool(node.requires)
    drawn.add(node.task)
    yield f"{first}{node.task}  {node.state}  {'(as above)' if again else node.file or ''}".rstrip()
    if node.problem and node.problem not in said:
        yield f"{further}{'│ ' if node.requires else '  '}! {node.problem}"
    below = () if again else node.requires
    for number, each in enumerate(below, start=1):
        last = number == len(below)
        branch, rest = ("└─ ", "   ") if last else ("├─ ", "│  ")
        yield from _lines(each, further + branch, further + rest, drawn, said)
