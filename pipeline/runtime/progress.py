"""The progress of a list: on luigid's page, and as a progress bar if stderr is a terminal."""

import contextlib
import sys
from typing import Any

import luigi

from pipeline.runtime.logs import optional


class Progress(contextlib.AbstractContextManager["Progress"]):
    """Reports pages while a list is fetched; the first report that fails is the last one."""

    def __init__(self, task: luigi.Task, name: str, pages: int) -> None:
        self._task, self._name, self._pages = task, name, pages
        self._bar: Any = None
        self._is_on = True

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            optional(self._bar.close, None, "The progress bar stays on the screen")

    def __call__(self, done: int, total: int) -> None:
        """Report that so many pages of the total are fetched."""
        if self._is_on:
            self._is_on = optional(lambda: self._report(done, total), False, "No progress is shown")

    def _report(self, done: int, total: int) -> bool:
        if self._bar is None and sys.stderr.isatty():
            from tqdm import tqdm  # only on a terminal: it takes a while to import

            self._bar = tqdm(None, self._name, self._pages, leave=False, mininterval=0, unit="page")
        if self._bar is not None:
            self._bar.update(done - self._bar.n)
        if self._task.set_progress_percentage is not None:  # None if no worker runs the task
            self._task.set_progress_percentage(round(done / total * 100) if total else 0)
            self._task.set_status_message(f"{self._name}: {done} of {total} pages")
        return True
