"""`tmdb-pipeline backup`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from pipeline import clock, settings
from pipeline.errors import PipelineError
from pipeline.ops.alerts import send
from pipeline.ops.backup.making import Backup, make
from pipeline.ops.backup.place import database_of
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import json_option, runtime_option
from pipeline.ops.runtimes.runtime import Document
from pipeline.paths import Layout

TASK = "backup"
"""The name of the job in alerts."""


@click.command("backup")
@click.option("--to", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="The folder of backups.  [default: backups/ below the data root]")  # fmt: skip
@click.option("--keep", type=click.IntRange(min=1), default=14, show_default=True,
              help="How many whole backups stay there; older ones are removed, but never the "
              "newest that holds a task history.")  # fmt: skip
@click.option("--no-history", is_flag=True, help="Leave the task history out.")
@runtime_option
@json_option
def command(to: Path | None, keep: int, no_history: bool, runtime: str, as_json: bool) -> None:
    """Save the task history, the reports and the configuration in one file, and read it back.

    Fails if the task history cannot be saved. The movies themselves are not in it: copy the data
    root to keep those.
    """
    with _alerting():
        current = settings.current()
        folder = (to or Layout(current.data_dir).backups).absolute()
        database = None if no_history else database_of(runtime)
        backup = make(current, database, folder, keep, with_history=not no_history)
    if _is_unattended():
        send.all_clear(TASK, clock.today(), f"The backup is complete: {backup.path}")
    document = described(backup)
    tables.show_json(document) if as_json else show(document)


@contextmanager
def _alerting() -> Iterator[None]:
    """Alert of what makes an unattended backup fail, expected or not."""
    try:
        yield
    except Exception as error:
        if _is_unattended():
            expected = isinstance(error, PipelineError)
            text = str(error) if expected else f"An unexpected {type(error).__name__}: {error}"
            send.raise_alert(TASK, clock.today(), type(error).__name__, "The backup failed", text)
        raise


def _is_unattended() -> bool:
    return sys.stderr is None or not sys.stderr.isatty()


def described(backup: Backup) -> Document:
    """Return what was saved as plain data."""
    rotation, manifest = backup.rotation, backup.manifest
    return {
        "file": str(backup.path),
        "bytes": backup.bytes,
        "created_at": manifest.created_at,
        "history_source": manifest.history_source,
        "history_rows": manifest.history_rows and dict(manifest.history_rows),
        "history_rehearsed": manifest.history_rehearsed,
        "metadata_files": len(manifest.metadata),
        "kept": [path.name for path in rotation.kept],
        "removed": [path.name for path in rotation.removed],
        "damaged": [path.name for path in rotation.damaged],
        "unreadable": [path.name for path in rotation.unreadable],
    }


def show(document: Document) -> None:
    """Print what was saved, and what was not."""
    click.echo(f"{document['file']} ({document['bytes']:,} bytes), read back and found whole.")
    history = document["history_source"]
    if history:
        click.echo(f"It holds the task history ({_rehearsal(document)}), by {history},")
    else:
        click.echo("It holds no task history: none was recorded yet, or it was left out,")
    click.echo(f"and {document['metadata_files']} reports and summaries.")
    click.echo(f"Kept are {len(document['kept'])}, removed {len(document['removed'])} older ones.")
    for name in document["damaged"]:
        click.echo(f"{name} is damaged: look at it and remove it.", err=True)
    for name in document["unreadable"]:
        click.echo(
            f"{name} cannot be read by this user and does not count: see its owner.", err=True
        )


def _rehearsal(document: Document) -> str:
    tasks = f"{document['history_rows']['tasks']:,} tasks"
    if document["history_rehearsed"]:
        return f"{tasks}, accepted by its database in a rehearsal"
    return f"{tasks}, not rehearsed: its role may not create temporary tables there"
