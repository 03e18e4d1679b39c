"""The calls of luigi that are accepted, each with a Struct of its arguments.

luigi's API passes a request's arguments on unchecked: an unknown name or another type ends in a
traceback, at worst in one at every later `get_work`. Here a call is decoded before luigi sees it.
A call that is not in these tables is refused, also one that a later luigi adds.
"""

from __future__ import annotations

import functools
import inspect
from typing import Annotated, Any, Literal

import msgspec
from luigi.scheduler import RPC_METHODS, Scheduler
from msgspec import UNSET, Meta, UnsetType

from pipeline.ops.luigid.policy import Refused

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
_Visibility = Annotated[int, Meta(ge=0, le=2)]

# Argument -> its type, the same in all calls that have it. No text holds a NUL: no database would
# keep it, and msgspec accepts neither halves of surrogate pairs nor NaN.
_TYPES: dict[str, Any] = {
    **dict.fromkeys(("accepts_messages", "batchable", "runnable"), bool | None),
    **dict.fromkeys(("assistant", "include_done", "include_running", "limit"), bool),
    **dict.fromkeys(("batch_id", "host", "module", "task_id"), _Word | None),
    **dict.fromkeys(("current_tasks", "deps", "new_deps", "owners"), _Words | None),
    **dict.fromkeys(("task_family", "task_name", "worker"), _Word),
    **dict.fromkeys(("task_str", "upstream_status"), _Line),
    "expl": _Story | None,
    "family": Annotated[str, Meta(max_length=128, pattern=_LINE)],
    "info": list[tuple[str, Any]],
    "max_shown_tasks": _Count | None,
    "param_visibilities": dict[_Word, _Visibility] | None,
    "params": Annotated[dict[_Word, _Line], Meta(max_length=_MAX_NAMES)] | None,
    "priority": Annotated[float, Meta(ge=-1e6, le=1e6)],
    "progress_percentage": Annotated[float, Meta(ge=0, le=100)] | None,
    "resources": dict[_Word, _Count] | None,
    "retry_policy_dict": dict[_Policy, Annotated[int, Meta(ge=0, le=10**9)] | None] | None,
    "search": _Line | None,
    "statistics": dict[str, Any],
    "status": Literal[
        *("PENDING", "FAILED", "DONE", "RUNNING", "BATCH_RUNNING", "SUSPENDED", "UNKNOWN"),
        *("DISABLED", ""),
    ],
    "status_message": _Text | None,
    "tracking_url": _Address | None,
}

# What a worker says of itself, as pairs in `info`.
_FACTS = ("assistant", "first_task", "host", "pid", "salt", "sudo_user", "username")
_WORKERS = ("workers", Annotated[int, Meta(ge=0, le=10_000)], 1)
_INFO = [_WORKERS, *((each, _Fact, None) for each in _FACTS)]
_Info = msgspec.defstruct("Info", _INFO, forbid_unknown_fields=True)


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
    needed |= {"worker"} if method in _NEEDS_WORKER else set()
    fields = [
        (name, _TYPES[name]) if name in needed else (name, _TYPES[name] | UnsetType, UNSET)
        for name in dict.fromkeys([*needed, *(each.name for each in named)])
    ]
    return msgspec.defstruct(method, fields, forbid_unknown_fields=True)
