"""The state of luigi's scheduler: when tasks are retried, what the history learns, and its file.

The file is a pickle: a user who can write it can have luigid run any code at the next start. Hence
it is only read where it and its folder belong to this user and nobody else may write them.
"""

import os
import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luigi.scheduler import SimpleTaskState
from luigi.task_status import DISABLED, FAILED, PENDING, RUNNING

from pipeline.errors import StorageError
from pipeline.ops.luigid.calls import is_ours
from pipeline.ops.luigid.log import LOGGER
from pipeline.storage import local

WORKER_GONE = "its worker is gone"


class PipelineState(SimpleTaskState):
    """luigi's state of all tasks and workers; a failed task waits as long as its family has to.

    The history also learns that a worker died, a task was given up, and it was queued again.
    """

    def __init__(self, path: Path, configs: Mapping[str, Any], history: Any) -> None:
        super().__init__(str(path))
        self._path = path
        self._configs = configs
        self._history = history

    def set_status(self, task: Any, new_status: str, config: Any = None) -> None:
        """Change the status; the history records a task that is given up."""
        before = task.status
        super().set_status(task, new_status, self._configs.get(task.family, config))
        if task.status == DISABLED != before:
            self._history.disabled(task)

    def fail_dead_worker_task(self, task: Any, config: Any, assistants: set[str]) -> None:
        """Fail a task whose worker is gone; the history records it.

        Another run that waits for it has it at once: a delay would not make the lost host better.
        The failure counts, so that a task that kills its hosts is given up.
        """
        worker = task.status == RUNNING and task.worker_running
        is_lost = bool(worker) and worker not in task.stakeholders | assistants
        if is_lost:
            task.expl = WORKER_GONE
            self._history.task_finished(task, False)
        super().fail_dead_worker_task(task, self._configs.get(task.family, config), assistants)
        if is_lost and task.stakeholders:
            task.retry = 0

    def update_status(self, task: Any, config: Any) -> None:
        """Queue a failed task again when its delay is over; recorded where a run waits for it."""
        before = task.status
        super().update_status(task, config)
        if before == FAILED and task.status == PENDING and task.stakeholders:
            self._history.task_scheduled(task)

    def load(self) -> None:
        """Read what an earlier luigid left, but for tasks that an unguarded one may have accepted.

        It starts empty where there is nothing or the file is damaged; `prepare_file` comes first.
        """
        try:
            # Nobody else could write it.
            tasks, workers, *_ = pickle.loads(self._path.read_bytes())  # noqa: S301
            ours = [task for task in tasks.values() if is_ours(task)]
            for worker in workers.values():
                worker.fetch_rpc_messages()
        except FileNotFoundError:
            return
        except Exception as error:
            LOGGER.warning("%s is damaged (%s): starting without it", self._path, error)
            return
        self.set_state(({}, workers, {}))
        for task in ours:
            self.get_task(task.id, setdefault=task)

    def write(self, snapshot: bytes) -> None:
        """Save a pickle of the state; a full disk is logged, and the file of before stays."""
        temporary = self._path.with_name(f".{self._path.name}.tmp")
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            with open(os.open(temporary, flags, 0o600), "wb") as file:
                file.write(snapshot)
                file.flush()
                local.sync(file.fileno())
            temporary.rename(self._path)
        except OSError as error:
            LOGGER.error("%s cannot be written (%s)", self._path, error.strerror)


def prepare_file(path: Path) -> None:
    """Make the state file's folder for this user alone; refuse what others could have written."""
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        statuses = {folder: folder.stat(), **({path: path.lstat()} if path.exists() else {})}
        if not all(os.access(each, os.R_OK | os.W_OK) for each in statuses):
            raise PermissionError(0, "Permission denied")
    except OSError as error:
        raise StorageError(
            f"luigid cannot keep its state in {path} ({error.strerror}): fix that file and its "
            "folder, or name another file with --state-path."
        ) from None
    for each, status in statuses.items():
        if status.st_uid != os.geteuid() or status.st_mode & 0o022:
            raise StorageError(
                f"{each} belongs to or can be written by somebody else, and luigid runs what its "
                "state holds: remove it, or give it to luigid's user by `chown` and `chmod go-w`."
            )
