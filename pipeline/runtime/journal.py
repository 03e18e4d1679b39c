"""The journal of a day: one line for each start and end of a task, in a file below the logs.

The summary and the page show the task runs of their day from it, attempts included, without luigid
and without a database. A journal that cannot be written or read never fails a run.
"""

import datetime
import functools
import json
from contextlib import suppress
from typing import Annotated, Any, Literal, TypedDict

import luigi
import msgspec

from pipeline import clock, settings
from pipeline.documents.task_runs import DONE, FAILED, START, runs
from pipeline.errors import PipelineError
from pipeline.runtime.logs import open_append, optional
from pipeline.storage import local


class _Event(TypedDict):
    at: Annotated[datetime.datetime, msgspec.Meta(tz=True)]
    task: Annotated[str, msgspec.Meta(max_length=99)]
    event: Literal["start", "done", "failed"]


def install() -> None:
    """Append a line at each start and end of our tasks from now on."""
    for name in (luigi.Event.FAILURE, luigi.Event.PROCESS_FAILURE, luigi.Event.TIMEOUT):
        luigi.Task.event_handler(name)(functools.partial(_record, FAILED))
    luigi.Task.event_handler(luigi.Event.START)(functools.partial(_record, START))
    luigi.Task.event_handler(luigi.Event.SUCCESS)(functools.partial(_record, DONE))


def task_runs(task: luigi.Task) -> list[dict[str, Any]]:
    """Return the task runs of a task's day, itself counted as done; none if one is unreadable."""
    loss = f"The tasks of {task.date} are not part of the summary"
    return optional(lambda: _read(task), [], loss)


def _read(task: luigi.Task) -> list[dict[str, Any]]:
    lines = msgspec.json.Decoder(_Event).decode_lines(local.read(task.layout.journal(task.date)))
    events: list[Any] = [{**line, "at": line["at"].isoformat()} for line in lines]
    return runs([*events, _event(task, DONE)])


def _record(event: str, task: luigi.Task, *_: Any) -> None:
    if hasattr(type(task), "layout"):  # a task of this pipeline
        with suppress(OSError, PipelineError), open_append(task.layout.journal(task.date)) as file:
            file.write(json.dumps(_event(task, event)).encode() + b"\n")


def _event(task: luigi.Task, event: str) -> dict[str, Any]:
    values = [value for name, value in task.to_str_params().items() if name != "date"]
    name = f"{task.task_family}({', '.join(values)})" if values else task.task_family
    what = {"at": clock.instant().isoformat(), "task": name, "event": event}
    run = (settings.run_variable(settings.RUN_LOG) or "").rpartition("/")[2]
    return what | {"run": run, "file": task.layout.relative(task.path)}
