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

from pipeline.ops.scheduler.refused import Refused
from pipeline.tasks.base import RANGE_RESOURCES
from pipeline.tasks.collect import (
    GenreMovies,
    ListMovies,
    PopularMovies,
    TopRatedMovies,
    TrendingMovies,
)
from pipeline.tasks.daily import DailySummary
from pipeline.tasks.index import IndexPage
from pipeline.tasks.pages import DailyPage, StoredDocument, WeeklyPage
from pipeline.tasks.ranges import RangeDaily, RangeWeekly
from pipeline.tasks.validation import ValidationReport, WeeklyValidationReport
from pipeline.tasks.weekly import WeeklyConsolidation

FAMILIES: Mapping[str, type[luigi.Task]] = {
    task.get_task_family(): task
    for task in (
        ListMovies,
        PopularMovies,
        TrendingMovies,
        ValidationReport,
        DailySummary,
        GenreMovies,
        TopRatedMovies,
        WeeklyValidationReport,
        WeeklyConsolidation,
        DailyPage,
        WeeklyPage,
        IndexPage,
        StoredDocument,
        RangeDaily,
        RangeWeekly,
    )
}
"""Family -> task. Nothing else is ever handed to a worker."""

_STATUSES = frozenset({PENDING, RUNNING, DONE, FAILED, DISABLED, UNKNOWN})
_ID = re.compile(rf"(?:{'|'.join(FAMILIES)})_\w{{1,50}}_[0-9a-f]{{10}}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9_]{1,40}")


def refuse_foreign(call: Mapping[str, Any], present: Any) -> None:
    """Refuse an `add_task` unless it is of this pipeline.

    Args:
        call: its arguments.
        present: the task of that id that the scheduler has, or None.

    Raises:
        Refused: with status 403.
    """
    _refuse_what_no_task_of_ours_sends(call)
    status, running = call.get("status", PENDING), _runs_on(call["worker"], present)
    if status not in _STATUSES or (status == RUNNING and not running):
        raise Refused(403, "This luigid does not accept such a status from this worker.")
    if call.get("family"):
        _refuse_foreign_task(call, planned=status != UNKNOWN)
    elif status not in (RUNNING, FAILED) or not running:
        raise Refused(403, "This luigid does not accept a task without a family.")


def is_ours(task: Any) -> bool:
    """Return whether a task that the scheduler has is one of ours, or the mere name of one."""
    if not task.family:
        return bool(_ID.fullmatch(task.id))
    module = getattr(task, "module", None)
    return _is_ours(task.id, task.family, module, task.params, planned=task.status != UNKNOWN)


def _refuse_what_no_task_of_ours_sends(call: Mapping[str, Any]) -> None:
    for name in ("batch_id", "batchable", "new_deps", "accepts_messages"):
        if call.get(name):
            raise Refused(403, f"No task of this pipeline has {name}.")
    if not all(_ID.fullmatch(dep) for dep in call.get("deps") or ()):
        raise Refused(403, "Tasks of this pipeline only require tasks of this pipeline.")


def _runs_on(worker: str, present: Any) -> bool:
    return (
        present is not None
        and present.family in FAMILIES
        and present.status == RUNNING
        and present.worker_running == worker
    )


def _refuse_foreign_task(call: Mapping[str, Any], planned: bool) -> None:
    family, params = call["family"], call.get("params") or {}
    if not _is_ours(call.get("task_id"), family, call.get("module"), params, planned):
        raise Refused(
            403, f"{family[:40]!r} as it was sent is no task of this pipeline: not accepted."
        )
    if (call.get("resources") or {}) not in ({}, RANGE_RESOURCES):
        raise Refused(403, f"{family} does not have such resources.")


def _is_ours(
    task_id: str | None, family: str, module: str | None, params: Mapping[str, str], planned: bool
) -> bool:
    task = FAMILIES.get(family)
    return (
        task is not None
        and module in ("pipeline", task.__module__)
        and _are_parameters_of(task, params, planned)
        and task_id == task_id_str(family, dict(params))
    )


def _are_parameters_of(task: type[luigi.Task], params: Mapping[str, str], planned: bool) -> bool:
    """Return whether they are all there, no others, and each as the task itself would write it.

    A task that could not be planned (status UNKNOWN) may be of a genre that cannot exist: its
    worker only reports it, and nobody will ever run it.
    """
    known = dict(task.get_params())
    if params.keys() != known.keys() or not all(isinstance(each, str) for each in params.values()):
        return False
    words = [params[name] for name in ("list", "genre") if name in params]
    if planned and not all(map(_SLUG.fullmatch, words)):
        return False
    if "of" in params and params["of"] not in FAMILIES:
        return False
    return all(_reads_back(known[name], value) for name, value in params.items())


def _reads_back(parameter: Any, value: str) -> bool:
    try:
        return bool(parameter.serialize(parameter.parse(value)) == value)
    except Exception:  # whatever a parameter raises, it is not a value of ours
        return False
