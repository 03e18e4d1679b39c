"""`tmdb-pipeline restore FILE`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline import settings
from pipeline.ops.backup.place import database_of
from pipeline.ops.backup.restoring import Restoration, Restored, checked
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import json_option, runtime_option
from pipeline.ops.runtimes.runtime import Document


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already, too.")
@click.option("--no-history", is_flag=True, help="Leave the task history out.")
@runtime_option
@json_option
def command(
    file: Path, yes: bool, overwrite: bool, no_history: bool, runtime: str, as_json: bool
) -> None:
    """Bring back the task history and the reports from a backup.

    All of the file is checked before anything is changed. The history in the database is replaced;
    files that are there already are kept. Restore only what you know the source of.
    """
    current = settings.current()
    with checked(
        file, current, lambda: database_of(runtime), with_history=not no_history
    ) as restoration:
        if not yes:
            click.confirm(question(restoration), abort=True, err=True)
        document = described(file, restoration, restoration.bring_back(overwrite=overwrite))
    tables.show_json(document) if as_json else show(document)


def question(restoration: Restoration) -> str:
    """Return what is about to be done, as a question."""
    found = restoration.manifest
    history = "replace the task history by its own and " if restoration.database else ""
    return (
        f"The backup of {found.created_at} is whole. Shall it {history}bring back what is missing "
        f"of its {len(found.metadata)} reports and summaries?"
    )


def described(file: Path, restoration: Restoration, restored: Restored) -> Document:
    """Return what was brought back as plain data."""
    return {
        "file": str(file),
        "created_at": restoration.manifest.created_at,
        "history": restored.history,
        "history_left_out": restoration.manifest.holds_history and not restored.history,
        "written": restored.written,
        "kept": restored.kept,
    }


def show(document: Document) -> None:
    """Print what was brought back, and what is left to do."""
    if document["history"]:
        click.echo(
            f"The task history is as it was at {document['created_at']}. Restart luigid, so that "
            "it reads it anew: tmdb-pipeline restart."
        )
    elif document["history_left_out"]:
        click.echo("The task history in the backup was left out.")
    else:
        click.echo("The backup holds no task history: that of the database is as it was.")
    written, kept = len(document["written"]), len(document["kept"])
    click.echo(f"Files brought back: {written}; there already and kept: {kept}.")
