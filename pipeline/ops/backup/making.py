"""A backup is made: dumped, rehearsed, gathered, written, read back, and only then counted."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from pipeline import clock, identity
from pipeline.errors import SettingsError, StorageError
from pipeline.ops.backup import archive, folder, manifest
from pipeline.ops.backup.database import Database, Dumped
from pipeline.ops.backup.folder import Rotation
from pipeline.ops.backup.manifest import Manifest
from pipeline.paths import Layout
from pipeline.settings import Settings
from pipeline.version import VERSION

_INSTEAD = "`tmdb-pipeline backup --no-history` saves the reports without it"


@dataclass(frozen=True)
class Backup:
    """A backup that was read back, and what became of the older ones."""

    path: Path
    bytes: int
    manifest: Manifest
    rotation: Rotation


def make(
    settings: Settings, database: Database | None, to: Path, keep: int, *, with_history: bool = True
) -> Backup:
    """Make a backup in the folder, and keep the newest `keep` there.

    It holds no history where there is none: neither now, nor in an earlier backup.

    Raises:
        StorageError: the database, the disk or a file fails. No backup is removed then.
        SettingsError: no database is known, and an earlier backup holds a history.
    """
    now = clock.now()
    with folder.staging(to) as staging:
        dump = staging / manifest.HISTORY
        dumped = _dumped(database, dump) if database and with_history else None
        if with_history and not dumped:
            _refuse_to_lose_history(database, [to, Layout(settings.data_dir).backups])
        files = ({manifest.HISTORY: dump} if dumped else {}) | _files(settings)
        members = {name: archive.measured(path) for name, path in files.items()}
        content = Manifest(
            version=VERSION,
            created_at=now.isoformat(),
            history_source=database.version() if database and dumped else None,
            members=members,
            history_rows=dumped.rows if dumped else None,
            history_rehearsed=dumped.rehearsed if dumped else None,
        )
        written = staging / "backup"
        archive.write(written, content, files)
        archive.read(written)
        path = folder.publish(written, to, now)
        return Backup(path, path.stat().st_size, content, folder.rotate(to, keep, path))


def _dumped(database: Database, dump: Path) -> Dumped | None:
    """Dump the history and rehearse its return; None where nothing was recorded yet."""
    if not database.dump(dump):
        return None
    dumped = database.rehearse(dump)
    return dumped if any(dumped.rows.values()) else None


def _refuse_to_lose_history(database: Database | None, folders: list[Path]) -> None:
    """Refuse a backup without a history where an earlier one holds some."""
    earlier = folder.newest_with_history(folders)
    if earlier is None:
        return
    if database:
        raise StorageError(
            f"The database holds no task history, and {earlier} does: see that "
            f"PIPELINE_HISTORY_URL names the right database, or bring the history back with "
            f"`tmdb-pipeline restore {earlier}`. {_INSTEAD}."
        )
    raise SettingsError(
        f"No database is known here, and {earlier} holds a task history: set "
        f"PIPELINE_HISTORY_URL, or start the compose stack and use --runtime compose. {_INSTEAD}.",
        variable="PIPELINE_HISTORY_URL",
    )


def _files(settings: Settings) -> dict[str, Path]:
    """Return the reports, the summaries, the configuration and the identity by their members."""
    layout = Layout(settings.data_dir)
    with contextlib.suppress(StorageError):  # a root that cannot be written is saved all the same
        identity.write_if_missing(layout)
    root = layout.metadata
    names = {path: manifest.METADATA + path.relative_to(root).as_posix() for path in _below(root)}
    found = {name: path for path, name in names.items() if manifest.may_be_kept(name)}
    single = {
        member: settings.config_dir / name for member, name in manifest.CONFIGURATION.items()
    } | {manifest.IDENTITY: layout.identity}
    return found | {member: path for member, path in single.items() if path.is_file()}


def _below(root: Path) -> list[Path]:
    """Return every plain file; a folder that cannot be read is an error, not an empty one."""
    found = [Path(parent, name) for parent, _, names in _walk(root) for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _walk(root: Path) -> Iterator[tuple[str, list[str], list[str]]]:
    return os.walk(root, onerror=_raise) if os.path.lexists(root) else iter(())


def _raise(error: OSError) -> NoReturn:
    raise error
