"""`tmdb-pipeline backup`."""

from __future__ import annotations

from pathlib import Path

import click

from pipeline import settings
from pipeline.layout import Layout
from pipeline.ops import tables
from pipeline.ops.backup.making import Backup, make
from pipeline.ops.backup.place import database_of
from pipeline.ops.options import json_option, runtime_option
from pipeline.ops.runtime import Document


@click.command("backup")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="The folder of backups.  [default: backups/ below the data root]")  # fmt: skip
@click.option("--keep", type=click.IntRange(min=1), default=14, show_default=True,
              help="How many whole backups stay there; older ones are removed.")  # fmt: skip
@runtime_option
@json_option
def command(to: Path | None, keep: int, runtime: str, as_json: bool) -> None:
    """Save the task history, the reports and the plan in one file, and read it back.

    The films themselves are not in it: copy the data root to keep those.
    """
    current = settings.current()
    folder = (to or Layout(current.data_dir).backups).absolute()
    document = described(make(current, database_of(current, runtime), folder, keep))
    tables.show_json(document) if as_json else show(document)


def described(backup: Backup) -> Document:
    """Return what was saved as plain data."""
    rotation = backup.rotation
    return {
        "file": str(backup.path),
        "bytes": backup.bytes,
        "created_at": backup.manifest.created_at,
        "history_source": backup.manifest.history_source,
        "metadata_files": len(backup.manifest.metadata),
        "kept": [path.name for path in rotation.kept],
        "removed": [path.name for path in rotation.removed],
        "damaged": [path.name for path in rotation.damaged],
    }


def show(document: Document) -> None:
    """Print what was saved, and what was not."""
    click.echo(f"{document['file']} ({document['bytes']:,} bytes), read back and found whole.")
    history = document["history_source"]
    if history:
        click.echo(f"It holds the task history, by {history},")
    else:
        click.echo("It holds no task history: there is none yet, or no database is known here,")
    click.echo(f"and {document['metadata_files']} reports and summaries.")
    click.echo(f"Kept are {len(document['kept'])}, removed {len(document['removed'])} older ones.")
    for name in document["damaged"]:
        click.echo(f"{name} is damaged: look at it and remove it.", err=True)
