"""The calls and the tasks of luigi that are accepted; everything else is refused.

luigi's API passes a request's arguments on unchecked: an unknown name or another type ends in a
traceback, at worst in one at every later `get_work`. Here a call is decoded before luigi sees it,
and one that is not in these tables is refused, also one that a later luigi adds.

luigi's worker imports and runs any module, family and parameters that luigid hands out, and a plain
luigid accepts them from every client: a client could run anything on the workers' machine. Here a
task is accepted only if its family is one of ours, its module is that family's, its parameters are
the family's and are read and written back unchanged, and its id follows from them.
"""

import functools
import inspect
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import luigi
import msgspec
from luigi.scheduler import RPC_METHODS, Scheduler
from luigi.task import task_id_str
from luigi.task_status import DISABLED, DONE, FAILED, PENDING, RUNNING, UNKNOWN
from msgspec import UNSET, Meta, UnsetType

from pipeline.ops.luigid.policy import Refused
from pipeline.tasks import registry
from pipeline.tasks.base import RANGE_RESOURCES
from pipeline.tasks.pages import StoredDocument
from pipeline.tasks.ranges import RangeDaily, RangeWeekly

# Calls that change nothing: what the page shows.
READS = {
    *("dep_graph", "inverse_dep_graph", "graph", "task_list", "task_search", "worker_list"),
    *("resource_list", "get_running_task_resources", "get_task_progress_percentage"),
    *("get_task_status_message", "fetch_error", "has_task_history"),
    *("is_paused", "is_pause_enabled"),
}

# Calls by which a run of the pipeline works.
OF_WORKERS = {
    *("add_task", "add_worker", "announce_scheduling_failure", "count_pending", "get_work", "ping"),
    *("prune", "report_task_statistics"),
    *("set_task_progress_percentage", "set_task_status_message"),
}

# Buttons of the page. Pausing does nothing unless luigi.cfg sets `pause_enabled`.
OF_OPERATORS = {"forgive_failures", "mark_as_done", "pause", "re_enable_task", "unpause"}
# Calls that take the worker among luigi's `**kwargs`.
_NEEDS_WORKER = {"add_task", "announce_scheduling_failure", "get_work", "ping"}
# Statuses that a run gives a task.
_STATUSES = {PENDING, RUNNING, DONE, FAILED, DISABLED, UNKNOWN}
_MAX_NAMES = 1_000
_LINE = r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*\Z"
_Line = Annotated[str, Meta(max_length=500, pattern=_LINE)]
_Word = Annotated[str, Meta(min_length=1, max_length=500, pattern=_LINE)]
_Words = Annotated[list[_Word], Meta(max_length=_MAX_NAMES)]
_Address = Annotated[str, Meta(max_length=500, pattern=r"^https?://[^\x00-\x20]+\Z")]
_Text = Annotated[str, Meta(max_length=10_000, pattern=r"^[^\x00]*\Z")]
_Story = Annotated[str, Meta(max_length=1_000_000, pattern=r"^[^\x00]*\Z")]
_Count = Annotated[int, Meta(ge=0, le=10**6)]
_Fact = bool | Annotated[int, Meta(ge=0, le=10**18)] | _Word | None
_Policy = Literal["retry_count", "disable_hard_timeout", "disable_window"]

# Argument -> its type, the same in all calls that have it. No text holds a NUL: no database would
# keep it, and msgspec accepts neither halves of surrogate pairs nor NaN.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("accepts_messages", "assistant", "batchable", "runnable"), bool | None),
    **dict.fromkeys(("include_done", "include_running", "limit"), bool),
    **dict.fromkeys(("batch_id", "host", "module", "task_id"), _Word | None),
    **dict.fromkeys(("current_tasks", "deps", "new_deps", "owners"), _Words | None),
    **dict.fromkeys(("task_family", "task_name", "worker"), _Word),
    **dict.fromkeys(("task_str", "upstream_status"), _Line),
    "expl": _Story | None,
    "family": Annotated[str, Meta(max_length=128, pattern=_LINE)],
    "info": list[tuple[str, Any]],
    "max_shown_tasks": _Count | None,
    "param_visibilities": dict[_Word, Annotated[int, Meta(ge=0, le=2)]] | None,
    "params": Annotated[dict[_Word, _Line], Meta(max_length=_MAX_NAMES)] | None,
    "priority": Annotated[float, Meta(ge=-1e6, le=1e6)],
    "progress_percentage": Annotated[float, Meta(ge=0, le=100)] | None,
    "resources": dict[_Word, _Count] | None,
    "retry_policy_dict": dict[_Policy, Annotated[int, Meta(ge=0, le=10**9)] | None] | None,
    "search": _Line | None,
    "statistics": dict[str, Any],
    "status": Literal[*sorted(_STATUSES), "BATCH_RUNNING", "SUSPENDED", ""],
    "status_message": _Text | None,
    "tracking_url": _Address | None,
}

# What a worker says of itself, as pairs in `info`.
_FACTS = ("assistant", "first_task", "host", "pid", "salt", "sudo_user", "username")
_WORKERS = ("workers", Annotated[int, Meta(ge=0, le=10_000)], 1)
_INFO = [_WORKERS, *((name, _Fact, None) for name in _FACTS)]
_Info = msgspec.defstruct("Info", _INFO, forbid_unknown_fields=True)

_LISTED = [getattr(registry, name) for name in registry.__all__]
_TASKS = (*_LISTED, StoredDocument, RangeDaily, RangeWeekly)
# Family -> task. Nothing else is ever handed to a worker.
FAMILIES: Mapping[str, type[luigi.Task]] = {task.get_task_family(): task for task in _TASKS}
# Arguments of `add_task` that no task of the pipeline sets.
_UNUSED = ("batch_id", "batchable", "new_deps", "accepts_messages")
_ID = re.compile(rf"(?:{'|'.join(FAMILIES)})_\w{{1,50}}_[0-9a-f]{{10}}", re.ASCII)
# Values of parameters that become part of a file's name.
_SLUG = re.compile(r"[a-z0-9_]{1,40}")


def arguments_of(method: str, payload: str) -> dict[str, Any]:
    """Return a call's arguments, every one known by name and of the right type, or refuse it."""
    if method not in RPC_METHODS:
        raise Refused(404, "luigid has no such call.")
    if method not in READS | OF_WORKERS | OF_OPERATORS:
        raise Refused(403, f"{method} is not accepted here: no run of the pipeline needs it.")
    try:
        call = msgspec.structs.asdict(msgspec.json.decode(payload or "{}", type=_struct(method)))
        if call.get("info", UNSET) is not UNSET:
            msgspec.convert(dict(call["info"]), _Info)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        why = " ".join(str(error).split())[:200].rstrip(".")
        raise Refused(400, f"{method} cannot be called so: {why}.") from None
    return {name: value for name, value in call.items() if value is not UNSET}


@functools.cache
def _struct(method: str) -> type[msgspec.Struct]:
    """Return the Struct of a call, by luigi's signature and the types above."""
    parameters = list(inspect.signature(getattr(Scheduler, method)).parameters.values())[1:]
    named = [each for each in parameters if each.kind is not each.VAR_KEYWORD]
    needed = {each.name for each in named if each.default is each.empty}
    if method in _NEEDS_WORKER:
        needed.add("worker")
    fields: list[Any] = [(name, _TYPES[name]) for name in needed]
    optional = (each.name for each in named if each.name not in needed)
    fields += [(name, _TYPES[name] | UnsetType, UNSET) for name in optional]
    return msgspec.defstruct(method, fields, forbid_unknown_fields=True)


def refuse_foreign(call: Mapping[str, Any], present: Any) -> None:
    """Refuse with 403 the arguments of an `add_task` that is not of this pipeline.

    `present` is the task of that id that the scheduler has, or None.
    """
    family, status = call.get("family"), call.get("status", PENDING)
    running_at = present.worker_running if present and present.status == RUNNING else None
    is_running = running_at == call["worker"]
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
        raise Refused(403, f"{family[:40]!r} as it was sent is no task of this pipeline.")
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
    slugs = [params[name] for name in ("genre", "list") if name in params]
    if status != UNKNOWN and not all(map(_SLUG.fullmatch, slugs)):
        return False
    try:
        written = {name: known[name].serialize(known[name].parse(params[name])) for name in known}
    except Exception:  # whatever a parameter raises, it is not a value of ours
        return False
    return written == params and task_id == task_id_str(family, written)
