"""`tmdb-pipeline restore FILE`: all of a backup is checked before the first thing is changed."""

from pathlib import Path

import click

from pipeline import identity, settings
from pipeline.documents.collect import agree
from pipeline.errors import DataError, OtherIdentity, SettingsError, StorageError
from pipeline.ops.backup import database
from pipeline.ops.backup.database import Server
from pipeline.ops.commands import tables
from pipeline.ops.commands.options import choose_runtime, json_option, runtime_option
from pipeline.ops.luigid import client
from pipeline.ops.runs import record
from pipeline.ops.runtimes.services import Document
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.storage import archive, documents
from pipeline.storage.archive import CONFIGURATION, HISTORY, IDENTITY, METADATA, Manifest
from pipeline.storage.data_root_id import data_root_id


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

    All of the file is checked before anything is changed, and nothing may run meanwhile. The
    history in the database is replaced; files that are there already are kept. Restore only what
    you know the source of.
    """
    layout = settings.current().layout
    with archive.staging(layout.backups) as staging:
        found = archive.read(file, into=staging)
        if IDENTITY in found.members:
            refuse_foreign(layout, staging / IDENTITY)
        for each in record.entries(layout):
            if each.outcome == "RUNNING" and not record.is_over(layout, each):
                text = f"A run of {each.task} is in progress: wait for its end, then restore."
                raise StorageError(text)
        script, server = staging / "restore.sql", None
        if HISTORY in found.members and not no_history:
            server = _server_for_history(layout, runtime)
            database.write_restore(server, staging / HISTORY, script)
        at = found.created_at.isoformat()
        if not yes:
            files = sum(name.startswith(METADATA) for name in found.members)
            history = "replace the task history by its own and " if server else ""
            what = f"{history}bring back what is missing of its {files} reports and summaries"
            click.confirm(f"The backup of {at} is whole. Shall it {what}?", abort=True, err=True)
        if server:
            server.run_sql(source=script)
        document: Document = {"file": str(file), "created_at": at, "history": server is not None}
        document["history_left_out"] = HISTORY in found.members and server is None
        document |= _put_files(staging, layout, found, overwrite)
    tables.show_json(document) if as_json else _show(document)


def refuse_foreign(layout: Layout, root_json: Path) -> None:
    """Refuse a backup of another identity than the data root, by its `root.json`."""
    theirs, bound = identity.stated_in(documents.read(root_json)), identity.bound_identity(layout)
    if theirs is None:
        raise DataError("The root.json of the backup is damaged; choose another backup.")
    if bound and not agree(bound, theirs):
        whose = f"{layout.root} belongs to {bound} and the backup to {theirs}"
        raise OtherIdentity(f"{whose}: set PIPELINE_DATA_DIR to another folder and restore there.")


def _server_for_history(layout: Layout, runtime: str) -> Server:
    """Return the database's server, to which no luigid of this data root writes."""
    server = database.server_of(runtime)
    if server is None:
        raise SettingsError(
            "The backup holds a task history and no database is known here: set "
            "PIPELINE_HISTORY_URL or start the compose stack, or leave the history out with "
            "--no-history. Nothing was changed.",
            variable="PIPELINE_HISTORY_URL",
        )
    url = choose_runtime(runtime).luigid_url()
    luigid = client.look(url, luigid_password())
    if luigid.hardened and luigid.data_root in (None, data_root_id(layout)):
        raise StorageError(
            f"luigid runs at {url} and writes to the task history: stop it (`docker compose stop "
            "luigid`, `systemctl stop tmdb-luigid` or `tmdb-pipeline stop`) and run the command "
            "again. Nothing was changed."
        )
    return server


def _put_files(unpacked: Path, layout: Layout, found: Manifest, overwrite: bool) -> Document:
    """Put each file in its place unless there is one; return what was `written` and `kept`."""
    config_dir = settings.current().config_dir
    places = {member: config_dir / name for member, name in CONFIGURATION.items()}
    places[IDENTITY] = layout.identity
    done: dict[str, list[str]] = {"written": [], "kept": []}
    for member in sorted(found.members.keys() - {HISTORY}):
        place = places.get(member, layout.metadata / member.removeprefix(f"{METADATA}/"))
        replaces = overwrite and member != IDENTITY  # that of a data root is never replaced
        source, storage = unpacked / member, documents.storage_of(place)
        # A restored report is as old as it was. 0.1.0 saved no times but that of the backup.
        modified_at = source.stat().st_mtime or found.created_at.timestamp()
        is_written = storage.restore(place, source, modified_at, replaces=replaces)
        done["written" if is_written else "kept"].append(member)
    return done


def _show(document: Document) -> None:
    if document["history"]:
        history = f"The task history is as it was at {document['created_at']}: start luigid again."
    elif document["history_left_out"]:
        history = "The task history in the backup was left out."
    else:
        history = "The backup holds no task history: that of the database is as it was."
    written, kept = len(document["written"]), len(document["kept"])
    click.echo(f"{history}\nFiles brought back: {written}; there already and kept: {kept}.")
