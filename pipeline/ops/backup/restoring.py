"""A backup is brought back: all of it checked before the first thing is changed."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline import identity
from pipeline.documents.collect import agree
from pipeline.errors import DataError, OtherIdentity, SettingsError, StorageError
from pipeline.ops.backup import archive, folder, manifest
from pipeline.ops.backup.database import Database
from pipeline.ops.backup.manifest import Manifest
from pipeline.paths import Layout
from pipeline.settings import Settings
from pipeline.storage import documents, local

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

        The identity of a data root is never replaced.

        Raises:
            StorageError: the database refuses, which leaves it as it was, or a file cannot be
                written; files that are there by then are whole.
        """
        if self.database:
            self.database.restore(self.unpacked / manifest.HISTORY)
        written: list[str] = []
        kept: list[str] = []
        for name, path in self._places().items():
            replace = overwrite and name != manifest.IDENTITY
            with self._naming(name):
                done = _put(self.unpacked / name, path, replace=replace)
            (written if done else kept).append(name)
        return Restored(self.database is not None, written, kept)

    def _places(self) -> dict[str, Path]:
        """Return where each file belongs."""
        layout = Layout(self.settings.data_dir)
        below = {
            name: layout.metadata / name.removeprefix(manifest.METADATA)
            for name in self.manifest.metadata
        }
        configuration = {
            member: self.settings.config_dir / name
            for member, name in manifest.CONFIGURATION.items()
        }
        places = {manifest.IDENTITY: layout.identity} | below | configuration
        return {name: path for name, path in places.items() if name in self.manifest.members}

    @contextlib.contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Say what is in place already where a file cannot be written."""
        try:
            yield
        except OSError as error:
            done = "The task history is restored, but " if self.database else ""
            again = " with --no-history" if self.database else ""
            raise StorageError(
                f"{done}{name} of the backup cannot be written to "
                f"{error.filename2 or error.filename or self.settings.data_dir}: {error.strerror}. "
                f"Correct that and run the command again{again}: it writes what is missing."
            ) from None


@contextlib.contextmanager
def checked(
    file: Path,
    settings: Settings,
    find_database: Callable[[], Database | None],
    *,
    with_history: bool,
) -> Iterator[Restoration]:
    """Unpack a backup beside the others and see that all of it can be used; change nothing.

    The database is looked for only if the backup holds a history that is wanted.

    Raises:
        DataError: it is cut, damaged, not ours or hostile, or PostgreSQL cannot read its dump.
        OtherIdentity: it is of another source, language or region than the data root.
        SettingsError: it holds a history and there is no database to take it.
        StorageError: it cannot be read, or there is no room to unpack it.
    """
    with folder.staging(Layout(settings.data_dir).backups) as staging:
        found = archive.read(file, into=staging)
        if manifest.IDENTITY in found.members:
            refuse_foreign(Layout(settings.data_dir), staging / manifest.IDENTITY)
        database = None
        if found.holds_history and with_history:
            database = find_database()
            if database is None:
                raise SettingsError(NO_DATABASE, variable="PIPELINE_HISTORY_URL")
            database.check(staging / manifest.HISTORY)
        yield Restoration(found, staging, database, settings)


def refuse_foreign(layout: Layout, root_json: Path) -> None:
    """Refuse a backup of another identity than the data root, by its `root.json`.

    Raises:
        OtherIdentity: they differ.
        DocumentUnreadable: the backup's `root.json` is damaged.
    """
    theirs, bound = identity.stated_in(documents.read(root_json)), identity.bound_identity(layout)
    if theirs is None:
        raise DataError("The root.json of the backup is damaged; choose another backup.")
    if bound is not None and not agree(bound, theirs):
        raise OtherIdentity(
            f"{layout.root} belongs to {bound} and the backup to {theirs}: set PIPELINE_DATA_DIR "
            "to another folder and restore it there."
        )


def _put(source: Path, target: Path, *, replace: bool) -> bool:
    """Publish a file at its place, which may be on another disk; return whether it was written.

    Unless it may be replaced, what is there stays, also what a run publishes meanwhile.
    """
    if os.path.lexists(target) and not replace:
        return False
    folder.make(target.parent)
    temporary = target.with_name(f".{target.name}.restored.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(source.read_bytes())
            file.flush()
            local.sync(file.fileno())
        folder.adopt(temporary)
        return _publish(temporary, target, replace=replace)
    finally:
        temporary.unlink(missing_ok=True)


def _publish(temporary: Path, target: Path, *, replace: bool) -> bool:
    with contextlib.suppress(OSError):  # where the disk knows no links it is renamed after a look
        if not replace:
            target.hardlink_to(temporary)
            return True
    if not replace and os.path.lexists(target):
        return False
    temporary.rename(target)
    return True
