"""`tmdb-pipeline prune`."""

import datetime

import click

from pipeline import settings
from pipeline.errors import NotPossible
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import Runtime, confirm, document_command
from pipeline.ops.prune.delete import prune
from pipeline.ops.prune.scheduled import prune_by_schedule
from pipeline.ops.runtimes.services import Document
from pipeline.ops.schedule.job import SCHEDULE
from pipeline.ops.settings import KEEP_LONGER, keep_days, read_days
from pipeline.paths import Layout
from pipeline.retention.expired import KINDS, Result, find
from pipeline.sanitize import plain

_HINT = "look at `tmdb-pipeline prune --dry-run`, then add --yes."


def show(document: Document) -> None:
    """Print what was or would be deleted, by kind, and what was left alone."""
    title = "Deleted" if document["deleted"] else f"Older than {document['older_than_days']} days"
    tables.show_table(title, "what, files, oldest=oldest_at", document["kinds"])
    if document["older_than_days"] is None:
        click.echo(f"\nNothing is deleted: PIPELINE_KEEP_DAYS is {KEEP_LONGER}.")
    elif not document["files"]:
        click.echo("\nNothing is older than that.")
    if document["history_rows"] is not None:
        click.echo(f"{document['history_rows']} rows of the task history were deleted.")
    if document["warehouse_rows"] is not None:
        click.echo(f"{document['warehouse_rows']} rows of the warehouse were deleted.")
    for each in filter(None, (*document["skipped"], *document["left"], document["warning"])):
        click.echo(tables.wrap(each))
    if document["deletes_from_at"]:
        at = datetime.datetime.fromisoformat(document["deletes_from_at"])
        click.echo(f"The schedule deletes from {at:%Y-%m-%d} on; nothing was deleted now.")
    if document["problem"]:
        click.echo(f"tmdb-pipeline: {plain(document['problem'])}", err=True)


@click.command("prune")
@click.option("--older-than", type=lambda text: read_days("--older-than", text), metavar="DAYS",
              help="Delete what is older, like 180d.  [default: PIPELINE_KEEP_DAYS]")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Show what goes, and delete nothing.")
@click.option("--yes", is_flag=True, help="Delete without asking.")
@document_command(show)
def command(runtime: Runtime, older_than: int | None, dry_run: bool, yes: bool) -> Document:
    """Delete what TMDB's terms no longer allow to keep: lists and all that was made of them.

    Asks on a terminal. Run records, scores and check results stay.
    """
    layout = Layout(settings.current().data_dir)
    if settings.run_variable(settings.STARTED_BY) == SCHEDULE and yes and not dry_run:
        return _document(layout, prune_by_schedule(layout, older_than))
    days = older_than or keep_days()
    if days and not yes and not dry_run:
        _ask(_document(layout, find(layout, days)))
    return _document(layout, find(layout, days) if dry_run else prune(layout, days))


def _ask(document: Document) -> None:
    """Show what goes and ask for it; with --json, the output has no place for a question."""
    if click.get_current_context().params["as_json"]:
        raise NotPossible(f"Nothing is asked with --json: {_HINT}")
    show(document)
    confirm("Delete these for good?", _HINT)


def _document(layout: Layout, result: Result) -> Document:
    ages = {kind: [item.at for item in result.files if item.kind == kind] for kind in KINDS}
    return {
        **vars(result),
        "kinds": [
            {"what": kind, "files": len(found), "oldest_at": min(found).isoformat()}
            for kind, found in ages.items()
            if found
        ],
        "files": [
            {
                "file": layout.relative(each.path),
                "kind": each.kind,
                "oldest_at": each.at.isoformat(),
            }
            for each in result.files
        ],
    }
