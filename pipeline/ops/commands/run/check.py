"""`tmdb-pipeline check`."""

from __future__ import annotations

import datetime

import click

from pipeline import clock, identity, settings
from pipeline.documents.collect import agree, identity_of
from pipeline.errors import PipelineError
from pipeline.ops import configuration, luigi_configuration
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import document_command
from pipeline.ops.commands.run import graph
from pipeline.ops.roots import ROOTS, family_of
from pipeline.ops.runtimes.runtime import Document, Runtime
from pipeline.paths import Layout
from pipeline.storage import documents


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
        click.echo("\n".join(graph.lines(each, document["problems"], drawn=set())))
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
    problems, warnings = configuration.problems(), configuration.warnings()
    day, nodes = date or clock.today(), []
    try:
        now = settings.current()
        for family in [task] if task else ROOTS:
            nodes += graph.graphs(family, day, now.data_dir, now.plan())
        warnings += _of_identity(Layout(now.data_dir))
    except PipelineError as error:
        if str(error) not in problems:
            warnings.append(f"The graph cannot be shown: {error}")
    states = {node["file"]: node["state"] for root in nodes for node in graph.walk(root)}
    return {
        "runtime": runtime.name,
        "ok": not problems,
        "problems": problems,
        "warnings": warnings,
        "settings": configuration.in_force(),
        "luigi_configuration": [
            {"file": str(path), "read": read} for path, read in luigi_configuration.files()
        ],
        "date": day.isoformat(),
        "done": list(states.values()).count("done"),
        "missing": list(states.values()).count("missing"),
        "graph": nodes,
        "notes": [],
    }


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
