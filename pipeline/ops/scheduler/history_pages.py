"""The pages below /history, at luigi's addresses, without ever holding up the scheduler.

Luigi's own handlers query on the thread that schedules. These query in a thread of their own, where
the store bounds every wait, and show a page of rows at a time.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import tornado.web

from pipeline.ops.scheduler.events import TaskRecord
from pipeline.ops.scheduler.history_queries import Queries, Refused
from pipeline.ops.scheduler.history_templates import CALLABLE, LOADER, family_url
from pipeline.ops.scheduler.store import HistoryStore

_ROWS = 200
"""The number of rows of a page."""

_LARGEST_RECORD = 2**31 - 1


class HistoryPage(tornado.web.RequestHandler):
    """The common part of the pages: query and show, or report an error in a sentence.

    A query runs off the event loop, and a page holds so many rows at most.
    """

    def initialize(self, queries: Queries) -> None:
        """Take what `handlers` hands over."""
        self.queries = queries

    async def get(self, *words: str) -> None:
        """Answer with the page."""
        try:
            await self.show(*words)
        except Refused as refusal:
            self.set_status(refusal.status)
            self.page("sentence.html", sentence=str(refusal))

    def show(self, *words: str) -> Awaitable[None]:
        """Find and show what the address names."""
        raise NotImplementedError

    def page(self, template: str, **values: Any) -> None:
        """Finish with a template."""
        shown = {**self.get_template_namespace(), **CALLABLE, **values}
        self.finish(LOADER.load(template).generate(**shown))

    async def show_runs(self, title: str = "", **filters: Any) -> None:
        """Show runs, newest first."""
        before = self.cursor()
        runs = await self.queries.run(
            lambda store: store.runs(limit=_ROWS, before=before, **filters)
        )
        full = len(runs) == _ROWS
        older = self.older(runs[-1].recorded_at) if full else None
        self.page("runs.html", runs=runs, title=title, older=older)

    async def show_task(self, record: int | None = None, task_id: str | None = None) -> None:
        """Show one task and what happened to it, newest first."""
        before = self.cursor()
        task = await self.queries.run(lambda store: store.task(record=record, task_id=task_id))
        if task is None:
            raise Refused(404, "The task history knows no such task.")
        events = await self.queries.run(_events_of(task, before))
        older = self.older(events[-1].at) if len(events) == _ROWS else None
        self.page("task.html", task=task, events=events, older=older)

    def cursor(self) -> datetime | None:
        """Return the instant before which rows are wanted."""
        text = self.get_query_argument("before", "")
        try:
            return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
        except ValueError:
            raise Refused(400, "`before` has to be an instant like 2024-01-07T02:00:00.") from None

    def older(self, at: datetime | None) -> str | None:
        """Return the address of the page behind this one."""
        if at is None:
            return None
        kept = {name: self.get_query_argument(name) for name in self.request.query_arguments}
        return "?" + urlencode({**kept, "before": at.replace(tzinfo=None).isoformat()})


class RecentPage(HistoryPage):
    """/history: the newest runs."""

    async def show(self, *words: str) -> None:
        """Show all runs."""
        await self.show_runs()


class NamePage(HistoryPage):
    """/history/by_name/FAMILY."""

    async def show(self, *words: str) -> None:
        """Show the runs of one kind of task."""
        await self.show_runs(title=words[0], family=words[0])


class ParamsPage(HistoryPage):
    """/history/by_params/FAMILY?data={"name": "value"}."""

    async def show(self, *words: str) -> None:
        """Show the runs of one kind of task with these parameters."""
        params = self._params()
        shown = ", ".join(f"{name}={value}" for name, value in params.items())
        await self.show_runs(title=f"{words[0]} {shown}", family=words[0], params=params)

    def _params(self) -> dict[str, str]:
        try:
            params = json.loads(self.get_query_argument("data", "{}"))
        except (ValueError, RecursionError):
            params = None
        if not isinstance(params, dict):
            raise Refused(400, '`data` has to be a JSON object like {"date": "2024-01-07"}.')
        return {
            name: each if isinstance(each, str) else json.dumps(each)
            for name, each in params.items()
        }


class RecordPage(HistoryPage):
    """/history/by_id/N: a task by its number in the table."""

    async def show(self, *words: str) -> None:
        """Show one task."""
        word = words[0]
        is_number = word.isascii() and word.isdigit() and int(word[:20]) <= _LARGEST_RECORD
        if not is_number:
            raise Refused(404, "The task history knows no such task.")
        await self.show_task(record=int(word))


class TaskPage(HistoryPage):
    """/history/by_task_id/TASK_ID."""

    async def show(self, *words: str) -> None:
        """Show one task."""
        await self.show_task(task_id=words[0])


class TaskListPage(tornado.web.RequestHandler):
    """/tasklist, which in luigi needs scripts from elsewhere and pairs the wrong events."""

    def get(self, family: str = "") -> None:
        """Redirect to the page with the same content."""
        self.redirect(family_url(family) if family else "/history")


def handlers(store: HistoryStore | None) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own. Without a store the pages say so."""
    shared = {"queries": Queries(store)}
    return [
        (r"/history", RecentPage, shared),
        (r"/history/by_name/(.*)", NamePage, shared),
        (r"/history/by_id/(.*)", RecordPage, shared),
        (r"/history/by_task_id/(.*)", TaskPage, shared),
        (r"/history/by_params/(.*)", ParamsPage, shared),
        (r"/tasklist/?", TaskListPage, {}),
        (r"/tasklist/(.+)", TaskListPage, {}),
    ]


def _events_of(task: TaskRecord, before: datetime | None) -> Callable[[HistoryStore], list[Any]]:
    return lambda store: store.events(task.task_id, limit=_ROWS, before=before)
