"""The tasks that luigid accepts: those of this pipeline, exactly as the pipeline itself names them.

luigi's worker imports and runs any module, family and parameters that luigid hands out, and a plain
luigid accepts them from every client: a client could run anything on the workers' machine. Here a
task is accepted only if its family is one of ours, its module is that family's, its parameters are
the family's and are read and written back unchanged, and its id follows from them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import luigi
from luigi.task import task_id_str
from luigi.task_status import DISABLED, DONE, FAILED, PENDING, RUNNING, UNKNOWN

from pipeline.ops.luigid.policy import Refused
from pipeline.tasks import registry
from pipeline.tasks.base import RANGE_RESOURCES
from pipeline.tasks.pages import StoredDocument
from pipeline.tasks.ranges import RangeDaily, RangeWeekly

_TASKS = (*(getattr(registry, name) for name in registry.__all__), StoredDocument, RangeDaily,
          RangeWeekly)  # fmt: skip
# Family -> task. Nothing else is ever handed to a worker.
FAMILIES: Mapping[str, type[luigi.Task]] = {task.get_task_family(): task for task in _TASKS}
_STATUSES = frozenset({PENDING, RUNNING, DONE, FAILED, DISABLED, UNKNOWN})
# Arguments of `add_task` that no task of the pipeline sets.
_UNUSED = ("batch_id", "batchable", "new_deps", "accepts_messages")
_ID = re.compile(rf"(?:{'|'.join(FAMILIES)})_\w{{1,50}}_[0-9a-f]{{10}}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9_]{1,40}")
# Parameters that become part of a file's name.
_SLUGS = ("genre", "list")


def refuse_foreign(call: Mapping[str, Any], present: Any) -> None:
    """Refuse with 403 the arguments of an `add_task` that is not of this pipeline.

    `present` is the task of that id that the scheduler has, or None.
    """
    family, status = call.get("family"), call.get("status", PENDING)
    is_running = (
        present is not None
        and present.family in FAMILIES
        and (present.status, present.worker_running) == (RUNNING, call["worker"])
    )
    if used := [name for name in _UNUSED if call.get(name)]:
        raise Refused(403, f"No task of this pipeline has {used[0]}.")
    if not all(_ID.fullmatch(dep) for dep in call.get("deps") or ()):
        raise Refused(403, "Tasks of this pipeline only require tasks of this pipeline.")
    if status not in _STATUSES or (status == RUNNING and not is_running):
        raise Refused(403, "This luigid does not accept such a status from this worker.")
    if not family:
        if status not in (RUNNING, FAILED) or not is_running:
            raise Refused(403, "This luigid does not accept a task without a family.")
        return
    params = call.get("params") or {}
    if not _is_ours(call.get("task_id"), family, call.get("module"), params, status):
        sentence = f"{family[:40]!r} as it was sent is no task of this pipeline: not accepted."
        raise Refused(403, sentence)
    if (call.get("resources") or {}) not in ({}, RANGE_RESOURCES):
        raise Refused(403, f"{family} does not have such resources.")


def is_ours(task: Any) -> bool:
    """Return whether a task that the scheduler has is one of ours, or the mere name of one."""
    if not task.family:
        return bool(_ID.fullmatch(task.id))
    return _is_ours(task.id, task.family, getattr(task, "module", None), task.params, task.status)


def _is_ours(
    task_id: str | None, family: str, module: str | None, params: Mapping[str, str], status: str
) -> bool:
    """Return whether module and parameters are the family's, and the id follows from them.

    Only a task that could not be planned (status UNKNOWN) may be of a genre that cannot exist.
    """
    task = FAMILIES.get(family)
    if task is None or module not in ("pipeline", task.__module__):
        return False
    known = dict(task.get_params())
    if params.keys() != known.keys() or params.get("of", family) not in FAMILIES:
        return False
    if status != UNKNOWN and not all(_SLUG.fullmatch(params.get(name, "_")) for name in _SLUGS):
        return False
    try:
        written = {name: known[name].serialize(known[name].parse(params[name])) for name in known}
    except Exception:  # whatever a parameter raises, it is not a value of ours
        return False
    return written == params and task_id == task_id_str(family, written)
