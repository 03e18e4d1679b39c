"""`tmdb-pipeline check`: the settings in force, and the graph of a task as luigi sees it.

luigi's own `luigi-deps-tree` stops at the first exception of a `requires()`; here the exception is
shown at its task, and the rest of the graph too.
"""

import datetime
import warnings
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import click
import luigi
from luigi.task import flatten
from luigi.task_register import Register

from pipeline import clock, identity, settings
from pipeline.catalog import Plan
from pipeline.documents.collect import agree, identity_of
from pipeline.errors import NotPossible, PipelineError
from pipeline.ops import configuration, luigi_configuration
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import document_command
from pipeline.ops.roots import ROOTS, family_of
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.paths import Layout
from pipeline.storage import documents

Node = dict[str, Any]
"""One task: its `state` is done, missing or unknown; `problem` says why it cannot run."""


def show(document: Document) -> None:
    """Print settings, graphs, then what is wrong."""
    rows = [[each["variable"], each["source"], each["value"]] for each in document["settings"]]
    tables.show_table("Settings in force", ["variable", "from", "value"], rows)
    files = document["luigi_configuration"]
    rows = [["read" if each["read"] else "not there", each["file"]] for each in files]
    tables.show_table("luigi's configuration, later wins", ["state", "file"], rows)
    done, missing = document["done"], document["missing"]
    click.secho(f"\n{document['date']}: {done} files done, {missing} missing", bold=True)
    for each in document["graph"]:
        click.echo("\n".join(lines(each, document["problems"])))
    click.echo()
    for kind, colour in (("warning", "yellow"), ("problem", "red")):
        for sentence in document[f"{kind}s"]:
            click.echo(f"{click.style(kind, fg=colour)}: {sentence}")
    tables.show_notes(document["notes"])
    if document["ok"]:
        click.echo("The configuration is usable.")


@click.command("check")
@click.argument("task", type=family_of, required=False)
@click.argument("date", type=clock.day_of, required=False, metavar="[DATE]")
@document_command(show)
def command(runtime: Runtime, task: str | None, date: datetime.date | None) -> Document:
    """Check the configuration, and show the graph of TASK of DATE with what is done and missing.

    The default is both root tasks of today. Exit status 0 if the pipeline could run.
    """
    problems, cautions = configuration.problems(), configuration.warnings()
    day, nodes = date or clock.today(), []
    try:
        now = settings.current()
        for family in [task] if task else ROOTS:
            nodes += graphs(family, day, now.data_dir, now.plan())
        cautions += _of_identity(Layout(now.data_dir))
    except PipelineError as error:
        if str(error) not in problems:
            cautions.append(f"The graph cannot be shown: {error}")
    states = dict(_states(nodes))
    return {
        "runtime": runtime.name,
        "ok": not problems,
        "problems": problems,
        "warnings": cautions,
        "settings": configuration.in_force(),
        "luigi_configuration": [
            {"file": str(path), "read": read} for path, read in luigi_configuration.files()
        ],
        "date": day.isoformat(),
        **{state: [*states.values()].count(state) for state in ("done", "missing")},
        "graph": nodes,
        "notes": [],
    }


def _states(nodes: list[Node]) -> Iterator[tuple[str, str]]:
    """Yield each file of the graphs with its state; several tasks may require the same one."""
    for node in nodes:
        yield node["file"], node["state"]
        yield from _states(node["requires"])


def _of_identity(layout: Layout) -> list[str]:
    """Return sentences on settings and lists of another identity than that of the data root."""
    found, bound = [identity.warning()], identity.bound_identity(layout)
    names = (
        (folder, name) for folder in layout.list_folders for name in documents.STORAGE.list(folder)
    )
    infos = (documents.read_info(folder / name) for folder, name in names)
    if count := sum(bound is not None and not agree(identity_of(info), bound) for info in infos):
        found.append(
            f"{count} list(s) below {layout.root} are of another source, language or region than "
            f"the data root ({bound}): they stay, and nothing is compared with them."
        )
    return [*filter(None, found)]


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


def lines(node: Node, said: Collection[str], first: str = "", further: str = "") -> Iterator[str]:
    """Draw the graph as a tree, a task a line, without the problems that are `said` elsewhere."""
    yield f"{first}{node['task']}  {node['state']}  {node['file'] or ''}".rstrip()
    below = node["requires"]
    if node["problem"] and node["problem"] not in said:
        yield f"{further}{'│ ' if below else '  '}! {node['problem']}"
    for number, each in enumerate(below, start=1):
        branch, rest = ("└─ ", "   ") if number == len(below) else ("├─ ", "│  ")
        yield from lines(each, said, further + branch, further + rest)


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
