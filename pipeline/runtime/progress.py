"""The progress of a list: on luigid's page, and as a progress bar if stderr is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any

import luigi

from pipeline.runtime.best_effort import optional, warn


class Progress:
    """Reports pages while a list is fetched. If that fails, it stops the reports only."""

    def __init__(self, task: luigi.Task, name: str, pages: int) -> None:
        self._task = task
        self._name = name
        self._pages = pages
        self._bar: Any = None
        self._reporting = True

    def __enter__(self) -> Progress:
        self._bar = optional(self._new_bar, None, "There is no progress bar")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            optional(self._bar.close, None, "The progress bar stays on the screen")

    def __call__(self, done: int, total: int) -> None:
        """Report that so many pages of the total are fetched; a failed report is the last one."""
        if self._bar is not None and not self._show(done):
            self._bar = None
        if self._reporting:
            self._reporting = self._report(done, total)

    def _new_bar(self) -> Any:
        if not sys.stderr.isatty():
            return None
        from tqdm import tqdm

        return tqdm(
            desc=f"{self._name:<16}",
            total=self._pages,
            unit=" pages",
            leave=False,
            mininterval=0,
        )

    def _show(self, done: int) -> bool:
        try:
            self._bar.update(done - self._bar.n)
        except Exception as error:  # a terminal that is closed does not fail a list
            warn(error, "There is no progress bar any more")
            return False
        return True

    def _report(self, done: int, total: int) -> bool:
        try:
            self._task.set_progress_percentage(round(done / total * 100) if total else 0)
            self._task.set_status_message(f"{self._name}: {done} of {total} pages")
        except TypeError:  # run() called without a worker
            return False
        except Exception as error:  # the scheduler is gone, or its answer cannot be read
            warn(error, "The scheduler does not show the progress of this list")
            return False
        return True
