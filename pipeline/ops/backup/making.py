"""A backup is made: dumped, gathered, written, read back, and only then named and counted."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline import clock, filesystem
from pipeline.layout import Layout
from pipeline.ops.backup import archive, folder, manifest
from pipeline.ops.backup.database import Database
from pipeline.ops.backup.folder import Rotation
from pipeline.ops.backup.manifest import Manifest
from pipeline.settings import Settings
from pipeline.version import VERSION


@dataclass(frozen=True)
class Backup:
    """A backup that was read back, and what became of the older ones."""

    path: Path
    bytes: int
    manifest: Manifest
    rotation: Rotation


def make(settings: Settings, database: Database | None, to: Path, keep: int) -> Backup:
    """Make a backup in the folder, and keep the newest `keep` there.

    Without a database it holds the metadata only.

    Raises:
        StorageError: the database, the disk or a file fails. No backup is removed then.
    """
    now = clock.now()
    with folder.staging(to) as staging:
        dump = staging / manifest.HISTORY
        source = _dumped(database, dump) if database else None
        files = ({manifest.HISTORY: dump} if source else {}) | _metadata(settings)
        members = {name: archive.measured(path) for name, path in files.items()}
        told = Manifest(VERSION, now.isoformat(), source, members)
        written = staging / "backup"
        archive.write(written, told, files)
        archive.read(written)
        path = to / folder.name_at(now)
        written.rename(path)
        _flush(to)
        return Backup(path, path.stat().st_size, told, folder.rotate(to, keep))


def _dumped(database: Database, dump: Path) -> str | None:
    """Dump the history and see that the dump can be read; None where there is no history yet."""
    if not database.dump(dump):
        return None
    database.check(dump)
    return database.version()


def _metadata(settings: Settings) -> dict[str, Path]:
    """Return the reports, the summaries and the plan by their names in a backup."""
    root = Layout(settings.data_dir).metadata
    names = {path: manifest.METADATA + path.relative_to(root).as_posix() for path in _files(root)}
    found = {name: path for path, name in names.items() if manifest.may_be_kept(name)}
    plan = settings.config_dir / "collection.toml"
    return found | ({manifest.PLAN: plan} if plan.is_file() else {})


def _files(root: Path) -> list[Path]:
    return sorted(path for path in root.rglob("*") if path.is_file() and not path.is_symlink())


def _flush(to: Path) -> None:
    descriptor = os.open(to, os.O_RDONLY)
    filesystem.sync(descriptor, to)
    os.close(descriptor)
