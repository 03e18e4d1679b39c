"""A backup is brought back: all of it checked before the first thing is changed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import filesystem
from pipeline.errors import SettingsError
from pipeline.layout import Layout
from pipeline.ops.backup import archive, folder, manifest
from pipeline.ops.backup.database import Database
from pipeline.ops.backup.manifest import Manifest
from pipeline.settings import Settings

NO_DATABASE = (
    "The backup holds a task history and no database is known here: set PIPELINE_HISTORY_URL or "
    "start the compose stack, or leave the history out with --no-history. Nothing was changed."
)


@dataclass(frozen=True)
class Restored:
    """The members that were written, and those whose files were there already and were kept."""

    history: bool
    written: list[str]
    kept: list[str]


@dataclass(frozen=True)
class Restoration:
    """A backup that was unpacked and found whole. `unpacked` holds its members."""

    manifest: Manifest
    unpacked: Path
    database: Database | None
    settings: Settings

    def bring_back(self, *, overwrite: bool) -> Restored:
        """Put the history and the files in their places.

        Raises:
            StorageError: the database refuses, which leaves it as it was, or a file cannot be
                written; files that are there by then are whole.
        """
        if self.database:
            self.database.restore(self.unpacked / manifest.HISTORY)
        places = self._places()
        kept = [name for name, path in places.items() if path.exists() and not overwrite]
        written = [name for name in places if name not in kept]
        for name in written:
            _put(self.unpacked / name, places[name])
        return Restored(self.database is not None, written, kept)

    def _places(self) -> dict[str, Path]:
        """Return where each file belongs."""
        root = Layout(self.settings.data_dir).metadata
        names = self.manifest.metadata
        places = {name: root / name.removeprefix(manifest.METADATA) for name in names}
        if manifest.PLAN in self.manifest.members:
            places[manifest.PLAN] = self.settings.config_dir / "collection.toml"
        return places


@contextlib.contextmanager
def checked(
    file: Path, settings: Settings, database: Database | None, *, with_history: bool
) -> Iterator[Restoration]:
    """Unpack a backup beside the others and see that all of it can be used; change nothing.

    Raises:
        DataError: it is cut, damaged, not ours or hostile, or PostgreSQL cannot read its dump.
        SettingsError: it holds a history and there is no database to take it.
        StorageError: it cannot be read, or there is no room to unpack it.
    """
    with folder.staging(Layout(settings.data_dir).backups) as staging:
        found = archive.read(file, into=staging)
        wanted = database if found.holds_history and with_history else None
        if found.holds_history and with_history and database is None:
            raise SettingsError(NO_DATABASE, variable="PIPELINE_HISTORY_URL")
        if wanted:
            wanted.check(staging / manifest.HISTORY)
        yield Restoration(found, staging, wanted, settings)


def _put(source: Path, target: Path) -> None:
    """Move a file to its place, which may be on another disk, so that it is there whole or not."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.restored")
    with temporary.open("wb") as file:
        file.write(source.read_bytes())
        file.flush()
        filesystem.sync(file.fileno(), target)
    temporary.rename(target)
