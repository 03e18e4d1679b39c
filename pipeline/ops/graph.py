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
from pipeline.ops.roots import PAGES_TASK, Root
from pipeline.runtime.luigi_messages import sentence_of
from pipeline.tasks.pages import Page

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


class FileGraph:
    """The files of a root task and its pages of a day, and what each of them needs."""

    def __init__(self, root: Root, date: datetime.date, data_root: Path, plan: Plan) -> None:
        self.tasks: dict[str, str] = {}  # file -> its task, with a genre or list where it has one
        self.done: set[str] = set()
        self._needs: dict[str, set[str]] = {}
        page = f"{root.alias.title()}Page"
        for family in (root.family, page):
            for node in graphs(family, date, data_root, plan):
                self._add(node)
        (index,) = graphs(PAGES_TASK, date, data_root, plan)
        self._add({**index, "requires": []})
        page_file = next(file for file, task in self.tasks.items() if task == page)
        self._needs[index["file"]].add(page_file)
        makers = {each.task_family for each in _page_class(page).makers}
        self._needs[page_file] |= {file for file, task in self.tasks.items() if task in makers}

    def files_of(self, family: str, genre: str | None) -> set[str]:
        """Return the files of a task: of all its genres or lists, or of one genre."""
        wanted = f"{family}({genre})" if genre else family
        return {f for f, t in self.tasks.items() if wanted in (t, t.partition("(")[0])}

    def with_downstream(self, files: set[str]) -> set[str]:
        """Return files and every file that needs one of them."""
        added = {file for file, needs in self._needs.items() if needs & files} - files
        return self.with_downstream(files | added) if added else files

    def _add(self, node: Node) -> None:
        if node["task"].startswith("StoredDocument"):
            return  # the document of another task, which is in the graph itself
        self.tasks[node["file"]] = node["task"]
        if node["state"] == "done" or node["task"].endswith("Page"):
            self.done.add(node["file"])
        needed = {each["file"] for each in node["requires"]}
        self._needs.setdefault(node["file"], set()).update(needed)
        for each in node["requires"]:
            self._add(each)


def _page_class(name: str) -> type[Page]:
    page: type[Page] = Register.get_task_cls(name)
    return page


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
