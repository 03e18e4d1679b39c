"""`tmdb-pipeline check`: the settings in force, and the graph of a task as luigi sees it.

luigi's own `luigi-deps-tree` stops at the first exception of a `requires()`; here the exception is
shown at its task, and the rest of the graph too.
"""

import datetime
from collections.abc import Collection, Iterator

import click

from pipeline import clock, identity, settings
from pipeline.documents.collect import agree, identity_of
from pipeline.errors import PipelineError
from pipeline.ops import configuration
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, document_command
from pipeline.ops.runtimes.services import Document
from pipeline.paths import Layout
from pipeline.roots import ROOTS, family_of
from pipeline.runtime import luigi_configuration
from pipeline.storage import documents
from pipeline.tasks.graph import Node, graphs


def show(document: Document) -> None:
    """Print settings, graphs, then what is wrong."""
    tables.show_table("Settings in force", "variable, from=source, value", document["settings"])
    states = {True: "read", False: "not there"}
    files = [{**e, "state": states[e["read"]]} for e in document["luigi_configuration"]]
    tables.show_table("luigi's configuration, later wins", "state, file", files)
    counts = f"{document['done']} files done, {document['missing']} missing"
    click.secho(f"\n{document['date']}: {counts}", bold=True)
    for each in document["graph"]:
        _draw(each, document["problems"])
    click.echo()
    for kind in ("warning", "problem"):
        for sentence in document[f"{kind}s"]:
            click.echo(tables.wrap(sentence, first=f"{tables.cell('kind', kind)}: "))
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
        cautions += _of_another_identity(now.layout)
    except PipelineError as error:
        if str(error) not in problems:
            cautions.append(f"The graph cannot be shown: {error}")
    states = [*dict(file_states(nodes)).values()]
    files = [{"file": str(path), "read": read} for path, read in luigi_configuration.files()]
    return {
        "ok": not problems,
        "problems": problems,
        "warnings": cautions,
        "settings": configuration.in_force(),
        "luigi_configuration": files,
        "date": day.isoformat(),
        **{state: states.count(state) for state in ("done", "missing")},
        "graph": nodes,
    }


def file_states(nodes: list[Node]) -> Iterator[tuple[str, str]]:
    """Yield each file of the graphs with its state; several tasks may require the same one."""
    for node in nodes:
        yield node["file"], node["state"]
        yield from file_states(node["requires"])


def _of_another_identity(layout: Layout) -> list[str]:
    """Return a sentence on the lists of another identity than the data root's, if there are any."""
    bound = identity.bound_identity(layout)
    paths = (each / name for each in layout.list_folders for name in documents.names_in(each))
    infos = (documents.read_info(path) for path in paths)
    count = sum(bound is not None and not agree(identity_of(info), bound) for info in infos)
    what = f"{count} list(s) below {layout.root} are of another source, language or region"
    why = f"than the data root ({bound}): they stay, and nothing is compared with them."
    return [f"{what} {why}"] if count else []


def _draw(node: Node, said: Collection[str], first: str = "", further: str = "") -> None:
    """Print the graph as a tree, without the problems that are `said` elsewhere."""
    below = node["requires"]
    bar = further + ("│ " if below else "  ")
    facts = f"{node['task']}  {node['state']}  {node['file'] or ''}".rstrip()
    click.echo(tables.wrap(facts, first=first, further=bar))
    if node["problem"] and node["problem"] not in said:
        click.echo(tables.wrap(f"! {node['problem']}", first=bar, further=bar))
    for number, each in enumerate(below, start=1):
        branch, rest = ("└─ ", "   ") if number == len(below) else ("├─ ", "│  ")
        _draw(each, said, further + branch, further + rest)
