"""The progress of a run: of each list on luigid's page, of all lists in one line of a terminal.

The processes of a run share a file. Each of its lines has a list, the pages that it has, and those
that it gets; the last line of a list counts.
"""

import contextlib
import sys
from pathlib import Path
from typing import Any

import luigi

from pipeline import settings
from pipeline.runtime.logs import open_append, optional


def plan(task: luigi.Task, pages: int) -> None:
    """Count a list that the run is going to fetch among those that the terminal shows."""
    if name := settings.run_variable(settings.RUN_PROGRESS):
        _write(name, task, 0, pages)


class Progress(contextlib.AbstractContextManager["Progress"]):
    """Reports pages while a list is fetched; the first report that fails is the last one."""

    def __init__(self, task: luigi.Task, name: str, pages: int) -> None:
        self._task, self._name, self._pages = task, name, pages
        self._bar: Any = None
        self._is_on = True

    def __enter__(self) -> "Progress":
        self(0, self._pages)
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            optional(self._bar.close, None, "The progress bar stays on the screen")

    def __call__(self, done: int, total: int) -> None:
        """Report that so many pages of the total are fetched."""
        if self._is_on:
            self._is_on = optional(lambda: self._report(done, total), False, "No progress is shown")

    def _report(self, done: int, total: int) -> bool:
        if name := settings.run_variable(settings.RUN_PROGRESS):
            _write(name, self._task, done, total)
            self._draw(name)
        if done and self._task.set_progress_percentage is not None:  # None without a worker
            self._task.set_progress_percentage(round(done / total * 100) if total else 0)
            self._task.set_status_message(f"{self._name}: {done} of {total} pages")
        return True

    def _draw(self, name: str) -> None:
        """Show the state of all lists of the run, which other processes may be fetching."""
        from tqdm import tqdm  # only on a terminal: it takes a while to import

        lines = [line.split("\t") for line in Path(name).read_text(encoding="utf-8").splitlines()]
        lists = {task: (int(done), int(total)) for task, done, total in lines}
        finished = sum(done >= total for done, total in lists.values())
        pages, total = map(sum, zip(*lists.values(), strict=True))
        if self._bar is None:
            shown = f"{{desc}} |{{bar}}| {self._name} {{elapsed}}"
            self._bar = tqdm(leave=False, delay=1e-9, bar_format=shown, file=sys.stderr)
        self._bar.n, self._bar.total = pages, total
        self._bar.set_description_str(f"lists {finished}/{len(lists)}, pages {pages}/{total}")


def _write(name: str, task: luigi.Task, done: int, total: int) -> None:
    with open_append(Path(name)) as file:
        file.write(f"{task.task_id}\t{done}\t{total}\n".encode())
