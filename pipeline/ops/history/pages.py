"""The pages below /history, at luigi's addresses, without ever holding up the scheduler.

Luigi's own handlers query on the thread that schedules. These query in a thread of their own, where
the store bounds every wait, and show a page of rows at a time.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tornado.web
from tornado.ioloop import IOLoop

from pipeline.errors import StorageError
from pipeline.ops.history.events import naive_utc
from pipeline.ops.history.queries import Run
from pipeline.ops.history.store import HistoryStore

# The number of rows of a page.
_ROWS = 200
# The classes of Bootstrap for rows, by outcome.
_COLORS = {"FAILED": "danger", "DONE": "success", "RUNNING": "info"}
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-page")


class RunsPage(tornado.web.RequestHandler):
    """Runs, newest first: all, of one kind of task, or of one task."""

    def initialize(self, store: HistoryStore | None) -> None:
        """Take the store."""
        self._store = store

    async def get(self, family: str | None, task_id: str | None) -> None:
        """Answer with the page, or with a sentence that says why there is none."""
        if self._store is None:
            sentence = "The task history is off: set PIPELINE_HISTORY_URL, restart luigid."
            return self._refuse(404, sentence)
        try:
            text = self.get_query_argument("before", "")
            before = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
        except ValueError:
            return self._refuse(400, "`before` has to be like 2024-01-07T02:00:00.")
        query = functools.partial(
            self._store.runs, family=family, task_id=task_id, before=before, limit=_ROWS
        )
        try:
            runs = await IOLoop.current().run_in_executor(_THREAD, query)
        except StorageError as error:
            return self._refuse(503, str(error))
        last = runs[-1].recorded_at if len(runs) == _ROWS else None
        older = f"?before={naive_utc(last).isoformat()}" if last else None
        names = {"utc": utc, "took": took, "colors": _COLORS}
        self.render("runs.html", runs=runs, title=family or task_id, older=older, **names)

    def get_template_path(self) -> str:
        """Return the folder of our own templates."""
        return str(Path(__file__).parent / "templates")

    def _refuse(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self.render("sentence.html", sentence=sentence)


def handlers(store: HistoryStore | None) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own. Without a store the pages say so.

    Luigi's further pages below /history would query on the event loop, and its /tasklist needs
    scripts from elsewhere.
    """
    redirect = tornado.web.RedirectHandler
    return [
        (r"/history(?:/by_name/(.+)|/by_task_id/(.+))?", RunsPage, {"store": store}),
        (r"/history/.*", tornado.web.ErrorHandler, {"status_code": 404}),
        (r"/tasklist/?", redirect, {"url": "/history", "permanent": False}),
        (r"/tasklist/(.+)", redirect, {"url": "/history/by_name/{0}", "permanent": False}),
    ]


def utc(at: datetime | None) -> str:
    """Return an instant to the second."""
    return f"{naive_utc(at):%Y-%m-%d %H:%M:%S}" if at else ""


def took(run: Run) -> str:
    """Return a run's duration, like 1:02:03 or 4.2 s."""
    if run.started_at is None or run.ended_at is None:
        return ""
    seconds = max(0.0, (run.ended_at - run.started_at).total_seconds())
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))
