"""The state that luigid keeps between two starts, in a file that only its user can write.

The file is a pickle: a user who can write it can have luigid run any code at the next start. Hence
it is only read where it and its folder belong to this user and nobody else may write them.
"""

from __future__ import annotations

import os
import pickle
import secrets
import stat
from pathlib import Path

from luigi.scheduler import SimpleTaskState

from pipeline.errors import StorageError
from pipeline.ops.luigid.log import LOGGER
from pipeline.ops.luigid.tasks import is_ours
from pipeline.storage import local

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class StateFile(SimpleTaskState):
    """luigi's state of all tasks and workers, saved whole or not at all."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path

    def load(self) -> None:
        """Read what an earlier luigid left; start empty where there is nothing or it is damaged.

        Tasks that an unguarded luigid may have accepted are dropped, and a file that somebody else
        could have written raises StorageError.
        """
        content = _read(self._path)
        if content is None:
            return
        try:
            tasks, workers, *_ = pickle.loads(content)  # noqa: S301  nobody else could write it
            tasks = [task for task in tasks.values() if is_ours(task)]
            for worker in workers.values():
                worker.fetch_rpc_messages()
        except Exception as error:
            LOGGER.warning("%s is damaged (%s): starting without it", self._path, error)
            return
        self.set_state(({}, workers, {}))
        for task in tasks:
            self.get_task(task.id, setdefault=task)

    def snapshot(self) -> bytes:
        """Return the state as it is written."""
        return pickle.dumps(self.get_state())

    def write(self, snapshot: bytes) -> None:
        """Save a snapshot; a full disk is logged, and the file of before stays."""
        temporary = self._path.with_name(f".{self._path.name}.{secrets.token_hex(4)}.tmp")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            with os.fdopen(os.open(temporary, flags, _FILE_MODE), "wb") as file:
                file.write(snapshot)
                file.flush()
                local.sync(file.fileno())
            temporary.rename(self._path)
        except OSError as error:
            LOGGER.error("%s cannot be written (%s)", self._path, error.strerror)
            temporary.unlink(missing_ok=True)


def prepare_folder(path: Path) -> None:
    """Make the state file's folder for this user alone; StorageError where that cannot be."""
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _refuse_if_others_write(path.parent, path.parent.stat())
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(0, "Permission denied")
        for left in path.parent.glob(f".{path.name}.*.tmp"):  # of a luigid that was killed
            left.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"luigid cannot keep its state in {path.parent} ({error.strerror}): fix that folder, "
            "or name another file with --state-path."
        ) from None


def _read(path: Path) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StorageError(
            f"{path} cannot be read ({error.strerror}): fix its permissions or remove it."
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        _refuse_if_others_write(path, os.fstat(file.fileno()))
        return file.read()


def _refuse_if_others_write(path: Path, status: os.stat_result) -> None:
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
        raise StorageError(
            f"{path} belongs to or can be written by somebody else, and luigid runs what stands in "
            "its state: remove it, or give it to luigid's user with `chown` and `chmod go-w`."
        )
