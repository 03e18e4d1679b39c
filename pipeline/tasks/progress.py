"""How far a list is: on luigid's page, and as a bar where a person watches a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import luigi
from luigi.rpc import RPCError


class Progress:
    """Reports pages while a list is fetched. A scheduler that is gone stops the reports only."""

    def __init__(self, task: luigi.Task, name: str, pages: int) -> None:
        self._task = task
        self._name = name
        self._pages = pages
        self._bar: Any = None
        self._reporting = True

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(
                desc=f"{self._name:<16}",
                total=self._pages,
                unit=" pages",
                leave=False,
                mininterval=0,
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, total: int) -> None:
        """Take note that so many pages of so many are there."""
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        if self._reporting:
            self._report(done, total)

    def _report(self, done: int, total: int) -> None:
        try:
            self._task.set_progress_percentage(round(done / total * 100))
            self._task.set_status_message(f"{self._name}: {done} of {total} pages")
        except (RPCError, TypeError):  # TypeError: run() called without a worker
            self._reporting = False
