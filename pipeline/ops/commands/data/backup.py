"""`tmdb-pipeline backup`: dumped, gathered, written, read back, and only then counted."""

import datetime
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline import clock, settings
from pipeline.errors import StorageError
from pipeline.ops.alerts import send
from pipeline.ops.backup import database
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import json_option, runtime_option
from pipeline.ops.runtimes.services import Document
from pipeline.ops.settings import keep_days
from pipeline.paths import Layout, dates_in
from pipeline.storage import archive, documents
from pipeline.storage.archive import CONFIGURATION, HISTORY, IDENTITY, METADATA, Manifest
from pipeline.storage.documents import storage_of

TASK = "backup"  # the name of the job in alerts


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
    is_unattended = sys.stderr is None or not sys.stderr.isatty()
    try:
        document = _save(to, keep, None if no_history else runtime)
    except Exception as error:
        if is_unattended:
            kind = type(error).__name__
            send.raise_alert(TASK, clock.today(), kind, "The backup failed", f"{kind}: {error}")
        raise
    if is_unattended:
        send.all_clear(TASK, clock.today(), f"The backup is complete: {document['file']}")
    tables.show_json(document) if as_json else _show(document)


def _save(folder_given: Path | None, keep: int, runtime: str | None) -> Document:
    """Make a backup in the folder and keep the newest there; no runtime leaves the history out."""
    manifest = Manifest(created_at=clock.now())
    layout = settings.current().layout
    to = (folder_given or layout.backups).absolute()
    server = database.server_of(runtime) if runtime else None
    with archive.staging(to) as staging:
        files, written = dict(_files(layout, keep, staging)), staging / "backup"
        if server and (dumped := database.dump(server, staging / HISTORY)):
            files = {HISTORY: staging / HISTORY} | files
            manifest.history_source = server.run("pg_dump", "--version").strip()
            manifest.history_rows, manifest.history_rehearsed = dumped
        elif runtime and (earlier := archive.newest_with_history([to, layout.backups])):
            here = "its database holds none" if server else "no database is known here"
            raise StorageError(
                f"{earlier} holds a task history, and {here}: see that PIPELINE_HISTORY_URL names "
                "the right database, or use --runtime compose. `tmdb-pipeline restore FILE` brings "
                "a lost history back, and --no-history saves the reports without it."
            )
        archive.write(written, manifest, files)
        archive.read(written)
        path = archive.publish(written, to, manifest.created_at)
        size, at = path.stat().st_size, manifest.created_at.isoformat()
        facts = ("history_source", "history_rows", "history_rehearsed")
        return {
            **{"file": str(path), "bytes": size, "created_at": at},
            **{name: getattr(manifest, name) for name in facts},
            "metadata_files": sum(name.startswith(METADATA) for name in files),
            **archive.rotate(to, keep, path),
        }


def _files(layout: Layout, keep: int, staging: Path) -> Iterator[tuple[str, Path]]:
    """Yield the reports, the summaries, the configuration and the identity by their members.

    Reports that expire within the days for which nightly backups are kept are left out: a backup
    that holds them would have to be deleted with them.
    """
    limit = keep_days()
    days = None if limit is None else datetime.timedelta(days=max(limit - keep - 1, 1))
    root, config_dir = layout.metadata, settings.current().config_dir
    below = sorted(documents.walk(root))  # a folder that cannot be read is not an empty one
    wanted = {f"{METADATA}/{path.relative_to(root).as_posix()}": path for path in below}
    wanted |= {member: config_dir / name for member, name in CONFIGURATION.items()}
    for member, path in (wanted | {IDENTITY: layout.identity}).items():
        expires = days and any(day < clock.today() - days for day in dates_in(path.name))
        is_saved = member.isprintable() and not expires
        if is_saved and (file := storage_of(path).as_file(path, staging)):
            yield member, file


def _show(document: Document) -> None:
    click.echo(f"{document['file']} ({document['bytes']:,} bytes), read back and found whole.")
    history = "no task history: none was recorded yet, or it was left out"
    if by := document["history_source"]:
        found = "not rehearsed: its role may not create temporary tables there"
        if document["history_rehearsed"]:
            found = "accepted by its database in a rehearsal"
        tasks = f"{document['history_rows']['tasks']:,} tasks, {found}"
        history = f"the task history ({tasks}), by {by}"
    click.echo(f"It holds {history},\nand {document['metadata_files']} reports and summaries.")
    click.echo(f"Kept are {len(document['kept'])}, removed {len(document['removed'])} older ones.")
    for name in document["damaged"]:
        click.echo(f"{name} is damaged: look at it and remove it.", err=True)
    for name in document["unreadable"]:
        click.echo(f"{name} cannot be read by this user: see its owner.", err=True)
