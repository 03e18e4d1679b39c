"""`tmdb-pipeline check`."""

from __future__ import annotations

import dataclasses
import datetime
import sys
from typing import Any

import click

from pipeline import clock, identity, settings
from pipeline.documents.collect import agree, identity_of
from pipeline.errors import PipelineError
from pipeline.ops import configuration, luigi_configuration
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Day, Family, json_option, runtime_option
from pipeline.ops.commands.run import graph
from pipeline.ops.roots import ROOTS
from pipeline.ops.runtimes.choose import choose_runtime
from pipeline.ops.runtimes.runtime import Document
from pipeline.paths import Layout
from pipeline.storage import documents


@click.command("check")
@click.argument("task", type=Family(), required=False)
@click.argument("date", type=Day(), required=False, metavar="[DATE]")
@runtime_option
@json_option
def command(task: str | None, date: datetime.date | None, runtime: str, as_json: bool) -> None:
    """Check the configuration, and show the graph of TASK of DATE with what is done and missing.

    The default is both root tasks of today. Exit status 0 if the pipeline could run.
    """
    words = ["check", *([task] if task else []), *([date.isoformat()] if date else [])]
    here = choose_runtime(runtime)
    document = here.ask(words, lambda: build(here.name, task, date or clock.today()))
    tables.show_json(document) if as_json else show(document)
    sys.exit(0 if document["ok"] else 1)


def build(runtime: str, task: str | None, date: datetime.date) -> Document:
    """Return settings, problems and graphs as plain data."""
    problems = configuration.problems()
    nodes, fault = _graphs(task, date, problems)
    files = {node.file: node.state for root in nodes for node in root.walk()}
    return {
        "runtime": runtime,
        "ok": not problems,
        "problems": problems,
        "warnings": configuration.warnings() + fault + _of_identity(),
        "settings": [dataclasses.asdict(each) for each in configuration.in_force()],
        "luigi_configuration": [
            {"file": str(path), "read": read} for path, read in luigi_configuration.files()
        ],
        "date": date.isoformat(),
        "done": sum(state == "done" for state in files.values()),
        "missing": sum(state == "missing" for state in files.values()),
        "graph": [node.to_json() for node in nodes],
        "notes": [],
    }


def show(document: Document) -> None:
    """Print settings, graphs, then what is amiss."""
    rows = [[each["variable"], each["source"], each["value"]] for each in document["settings"]]
    tables.show_table("Settings in force", ["variable", "from", "value"], rows)
    files = [
        ["read" if each["read"] else "not there", each["file"]]
        for each in document["luigi_configuration"]
    ]
    tables.show_table("luigi's configuration, later wins", ["state", "file"], files)
    done, missing = document["done"], document["missing"]
    click.secho(f"\n{document['date']}: {done} files done, {missing} missing", bold=True)
    for each in document["graph"]:
        click.echo("\n".join(graph.lines(_node(each), document["problems"])))
    click.echo()
    for sentence in document["warnings"]:
        click.echo(f"{click.style('warning', fg='yellow')}: {sentence}")
    for sentence in document["problems"]:
        click.echo(f"{click.style('problem', fg='red')}: {sentence}")
    tables.show_notes(document["notes"])
    if document["ok"]:
        click.echo("The configuration is usable.")


def _graphs(
    task: str | None, date: datetime.date, problems: list[str]
) -> tuple[list[graph.Node], list[str]]:
    """Return the graphs, or a sentence why there are none, unless a problem says so already."""
    try:
        now = settings.current()
        plan = now.plan()
        families = [task] if task else ROOTS
        return [
            node for family in families for node in graph.graphs(family, date, now.data_dir, plan)
        ], []
    except PipelineError as error:
        return [], [] if str(error) in problems else [f"The graph cannot be shown: {error}"]


def _of_identity() -> list[str]:
    """Return sentences on settings and lists of another identity than that of the data root."""
    try:
        layout = Layout(settings.current().data_dir)
        count, bound = _foreign_lists(layout), identity.bound_identity(layout)
        sentence = identity.warning()
    except PipelineError:
        return []
    foreign = (
        f"{count} list(s) below {layout.root} are of another source, language or region than the "
        f"data root ({bound}): they stay, and nothing is compared with them."
    )
    return [*([sentence] if sentence else []), *([foreign] if count else [])]


def _foreign_lists(layout: Layout) -> int:
    """Return how many lists of the data root are of another identity than the root."""
    bound = identity.bound_identity(layout)
    infos = (
        documents.read_info(folder / name)
        for folder in layout.list_folders
        for name in documents.STORAGE.list(folder)
    )
    return sum(bound is not None and not agree(identity_of(info), bound) for info in infos)


def _node(data: dict[str, Any]) -> graph.Node:
    below = tuple(_node(each) for each in data["requires"])
    return graph.Node(**{**data, "requires": below})
