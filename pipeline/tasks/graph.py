"""The graph of a task as luigi sees it: every task that it requires, its file and its state."""

import datetime
from pathlib import Path
from typing import Any

import luigi
from luigi.task import flatten
from luigi.task_register import Register

from pipeline import identity, settings
from pipeline.catalog import Plan
from pipeline.errors import NotPossible
from pipeline.runtime.luigi_messages import sentence_of

Node = dict[str, Any]  # a task: `state` is done, missing or unknown; `problem` is why it cannot run


def graphs(family: str, date: datetime.date, data_root: Path, plan: Plan) -> list[Node]:
    """Return the graph of a task of a day; one for each genre or list that it can be of."""
    identity.only_read()
    task_class = Register.get_task_cls(family)
    values = {"genre": [each.slug for each in plan.genres], "list": [e.name for e in plan.lists]}
    parameter = next((name for name, _ in task_class.get_params() if name in values), None)
    variants = [{parameter: value} for value in values[parameter]] if parameter else [{}]
    try:
        return [_node(task_class(date=date, **each), data_root) for each in variants]
    except luigi.parameter.ParameterException as error:
        raise NotPossible(f"{family} cannot be looked at: {error}.") from None


def _node(task: luigi.Task, data_root: Path) -> Node:
    """Return the graph of a task; whatever its own code raises is shown at its place."""
    node: Node = {"task": str(task.task_family), "file": None, "state": "unknown", "problem": None}
    if values := [value for key, value in task.to_str_params().items() if key != "date"]:
        node["task"] += f"({', '.join(values)})"
    node["requires"] = []
    try:
        node["requires"] = [_node(each, data_root) for each in flatten(task.requires())]
    except Exception as error:
        node["problem"] = _sentence(error)
    try:
        path, is_done = Path(task.output().path), task.complete()
        inside = path.is_relative_to(data_root)
        node["file"] = str(path.relative_to(data_root) if inside else path)
        node["state"] = "done" if is_done else "missing"
    except Exception as error:
        node["problem"] = node["problem"] or _sentence(error)
    return node


def _sentence(error: Exception) -> str:
    return sentence_of(error) or settings.redacted(f"{type(error).__name__}: {error}")
