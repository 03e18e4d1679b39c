"""The progress of a run: of each list on luigid's page, of all lists in one line of a terminal.

The processes of a run share a file with one line for each report: a list, its pages, all of them.
"""

import contextlib
import sys
from pathlib import Path

import luigi

from pipeline import settings
from pipeline.runtime.logs import open_append, optional

_LOSS = "No progress is shown"


class Progress(contextlib.AbstractContextManager["Progress"]):
    """Reports pages while a list is fetched; the first report that fails is the last one."""

    def __init__(self, task: luigi.Task, name: str, pages: int) -> None:
        self._task, self._name, self._pages = task, name, pages
        self._file = settings.run_variable(settings.RUN_PROGRESS) if sys.stderr.isatty() else None
        self._is_on = True

    def plan(self) -> None:
        """Count the list among those of the run before any is fetched."""
        optional(lambda: self._write(0, self._pages), None, _LOSS)

    def __exit__(self, *_: object) -> None:
        if self._file:
            optional(lambda: _show(""), None, _LOSS)

    def __call__(self, done: int, total: int) -> None:
        """Report that so many pages of the total are fetched."""
        if self._is_on:
            self._is_on = optional(lambda: self._report(done, total), False, _LOSS)

    def _report(self, done: int, total: int) -> bool:
        if self._file:
            self._write(done, total)
            rows = (line.split("\t") for line in Path(self._file).read_text().splitlines())
            lists = {task: (int(its_done), int(its_total)) for task, its_done, its_total in rows}
            fetched = sum(its_done >= its_total for its_done, its_total in lists.values())
            pages, all_pages = map(sum, zip(*lists.values(), strict=True))
            _show(f"lists {fetched}/{len(lists)}, pages {pages}/{all_pages}: {self._name}")
        if self._task.set_progress_percentage is not None:  # None if no worker runs the task
            self._task.set_progress_percentage(round(done / total * 100) if total else 0)
            self._task.set_status_message(f"{self._name}: {done} of {total} pages")
        return True

    def _write(self, done: int, total: int) -> None:
        if self._file:
            with open_append(Path(self._file)) as file:
                file.write(f"{self._task.task_id}\t{done}\t{total}\n".encode())


def _show(text: str) -> None:
    """Put a text into the last line of the terminal, in place of the one before."""
    sys.stderr.write(f"\r\x1b[K{text}")
    sys.stderr.flush()
