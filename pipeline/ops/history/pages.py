"""The pages below /history, at luigi's addresses, without ever holding up the scheduler.

Luigi's own handlers query on the thread that schedules. These query in a thread of their own, where
the store bounds every wait, and show a page of rows at a time.
"""

import functools
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import tornado.template
import tornado.web
from tornado.ioloop import IOLoop

from pipeline.errors import StorageError
from pipeline.ops.history.queries import Run
from pipeline.ops.history.store import HistoryStore

# The number of rows of a page.
_ROWS = 200
# Queries that wait at a time; a database that is slow is not asked for more.
_MAX_WAITING = 20
# The classes of Bootstrap for rows, by outcome.
_COLORS = {"FAILED": "danger", "DISABLED": "danger", "DONE": "success", "RUNNING": "info"}
_THREAD = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-page")
_LOADER = tornado.template.Loader(str(Path(__file__).parent / "templates"))


class RunsPage(tornado.web.RequestHandler):
    """Runs, newest first: all, of one kind of task, or of one task."""

    waiting = 0

    def initialize(self, store: HistoryStore | None, of: str) -> None:
        """Take the store, and the parameter of its `runs` that the address holds."""
        self._store, self._of = store, of

    async def get(self, word: str = "") -> None:
        """Answer with the page, or with a sentence that says why there is none."""
        if self._store is None:
            sentence = "The task history is off: set PIPELINE_HISTORY_URL, restart luigid."
            return self._refuse(404, sentence)
        if RunsPage.waiting >= _MAX_WAITING:
            return self._refuse(503, "Too many pages are being asked for: wait a few seconds.")
        try:
            text = self.get_query_argument("before", "")
            before = datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None
        except ValueError:
            return self._refuse(400, "`before` has to be like 2024-01-07T02:00:00.")
        chosen: dict[str, Any] = {self._of: word} if self._of else {}
        query = functools.partial(self._store.runs, limit=_ROWS, before=before, **chosen)
        RunsPage.waiting += 1
        try:
            runs = await IOLoop.current().run_in_executor(_THREAD, query)
        except StorageError as error:
            return self._refuse(503, str(error))
        finally:
            RunsPage.waiting -= 1
        last = runs[-1].recorded_at if len(runs) == _ROWS else None
        older = f"?before={last.replace(tzinfo=None).isoformat()}" if last else None
        self._finish_page("runs.html", runs=runs, title=word, older=older)

    def _refuse(self, status: int, sentence: str) -> None:
        self.set_status(status)
        self._finish_page("sentence.html", sentence=sentence)

    def _finish_page(self, template: str, **values: Any) -> None:
        names = {**self.get_template_namespace(), "utc": utc, "took": took, "colors": _COLORS}
        self.finish(_LOADER.load(template).generate(**names, **values))


def handlers(store: HistoryStore | None) -> list[tuple[str, type, dict[str, Any]]]:
    """Return the routes, to stand before luigi's own. Without a store the pages say so.

    Luigi's further pages below /history would query on the event loop, and its /tasklist needs
    scripts from elsewhere.
    """
    redirect = tornado.web.RedirectHandler
    return [
        (r"/history", RunsPage, {"store": store, "of": ""}),
        (r"/history/by_name/(.+)", RunsPage, {"store": store, "of": "family"}),
        (r"/history/by_task_id/(.+)", RunsPage, {"store": store, "of": "task_id"}),
        (r"/history/.*", tornado.web.ErrorHandler, {"status_code": 404}),
        (r"/tasklist/?", redirect, {"url": "/history", "permanent": False}),
        (r"/tasklist/(.+)", redirect, {"url": "/history/by_name/{0}", "permanent": False}),
    ]


def utc(at: datetime | None) -> str:
    """Return an instant to the second."""
    return f"{at:%Y-%m-%d %H:%M:%S}" if at else ""


def took(run: Run) -> str:
    """Return a run's duration, like 1:02:03 or 4.2 s."""
    if run.started_at is None or run.ended_at is None:
        return ""
    seconds = max(0.0, (run.ended_at - run.started_at).total_seconds())
    return f"{seconds:.1f} s" if seconds < 60 else str(timedelta(seconds=round(seconds)))
