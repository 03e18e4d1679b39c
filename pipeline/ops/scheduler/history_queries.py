"""Queries for the history's pages, kept away from the thread that schedules."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import tornado.ioloop

from pipeline.errors import StorageError
from pipeline.ops.scheduler.store import HistoryStore

_MOST_WAITING = 20
"""Requests at a time; a database that is slow is not asked for more."""

Result = TypeVar("Result")


class Refused(Exception):
    """A page that cannot be had: a status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Queries:
    """Run the store's queries off the event loop, one after the other."""

    def __init__(self, store: HistoryStore | None) -> None:
        self._store = store
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="history-page")
        self._waiting = 0

    async def run(self, query: Callable[[HistoryStore], Result]) -> Result:
        """Return what the query returns.

        Raises:
            Refused: the history is off, its database does not serve, or too many ask.
        """
        if self._store is None:
            raise Refused(404, "The task history is off: set PIPELINE_HISTORY_URL, restart luigid.")
        if self._waiting >= _MOST_WAITING:
            raise Refused(503, "Too many pages are being asked for; try again in a few seconds.")
        self._waiting += 1
        try:
            loop = tornado.ioloop.IOLoop.current()
            return await loop.run_in_executor(self._thread, query, self._store)
        except StorageError as error:
            raise Refused(503, str(error)) from None
        finally:
            self._waiting -= 1
