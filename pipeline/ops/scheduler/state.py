"""The state that luigid keeps between two starts, in a file that only its user can write.

The file is a pickle: a user who can write it can have luigid run any code at the next start. Hence
it is only read where it and its folder belong to this user and nobody else may write them.
"""

from __future__ import annotations

import os
import pickle
import secrets
import stat
from collections import defaultdict
from pathlib import Path
from typing import Any

from luigi.scheduler import SimpleTaskState

from pipeline.errors import StorageError
from pipeline.ops.scheduler.accepted import is_ours
from pipeline.ops.scheduler.refused import LOGGER
from pipeline.storage import local

_FOLDER_MODE, _FILE_MODE = 0o700, 0o600
_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


class StateFile(SimpleTaskState):
    """luigi's state of all tasks and workers, saved atomically."""

    def __init__(self, path: Path) -> None:
        super().__init__(str(path))
        self._path = path
        self._tasks: dict[str, Any]
        self._status_tasks: defaultdict[str, dict[str, Any]]
        self._task_batchers: dict[str, Any]

    def load(self) -> None:
        """Read what an earlier luigid left; start empty where there is nothing or it is damaged.

        Raises:
            StorageError: the file or its folder belongs to or can be written by somebody else.
        """
        content = _read(self._path)
        if content is None:
            return
        try:
            self.set_state(pickle.loads(content))  # noqa: S301  nobody else could write it
            self._forget_foreign()
        except Exception as error:
            LOGGER.warning("%s is damaged (%s): starting without it", self._path, error)
            self.set_state(({}, {}, {}))
        self._status_tasks = defaultdict(dict)
        for task in self._tasks.values():
            self._status_tasks[task.status][task.id] = task

    def dump(self) -> None:
        """Save the state; a full disk is logged, and the file of before stays."""
        try:
            _write(self._path, pickle.dumps(self.get_state()))
        except OSError as error:
            LOGGER.error("%s cannot be written (%s)", self._path, error.strerror)

    def _forget_foreign(self) -> None:
        """Drop the tasks that an unguarded luigid may have accepted before."""
        self._tasks = {name: task for name, task in self._tasks.items() if is_ours(task)}
        self._task_batchers = {}
        for worker in self._active_workers.values():
            worker.fetch_rpc_messages()


def prepare_folder(path: Path) -> None:
    """Make the state file's folder where there is none, for this user alone.

    Raises:
        StorageError: it cannot be made, or somebody else can write it.
    """
    try:
        path.parent.mkdir(mode=_FOLDER_MODE, parents=True, exist_ok=True)
        _refuse_if_others_write(path.parent, path.parent.stat())
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(0, "Permission denied")
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


def _write(path: Path, content: bytes) -> None:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(temporary, flags, _FILE_MODE), "wb") as file:
            file.write(content)
            file.flush()
            local.sync(file.fileno())
        temporary.rename(path)
    finally:
        temporary.unlink(missing_ok=True)
