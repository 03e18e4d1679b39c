"""The end of a run in three lines: what was made, the verdict, where; or what failed."""

import logging
from functools import partial
from pathlib import Path

from pipeline.documents.run_record import Entry
from pipeline.paths import Layout
from pipeline.roots import ROOTS
from pipeline.runtime.logs import optional
from pipeline.runtime.terminal import GREEN, RED, YELLOW
from pipeline.storage import documents

LOGGER = logging.getLogger("luigi-interface.pipeline")

_COLOURS = {"pass": GREEN, "warn": YELLOW, "fail": RED}
OF_TASKS = (20, 25, 30)  # the exit statuses of failed tasks; other errors say all by themselves


def show(layout: Layout, run: Entry) -> None:
    """Log the last lines of a run that has ended; a terminal shows the errors below them."""
    name, number = f"{run.task} of {run.date}" if run.date else run.task, len(run.documents)
    made = f"{number or 'no'} new file{'s' * (number != 1)} in {run.seconds or 0:.1f} s"
    if run.status in OF_TASKS:
        _show(RED, f"{name} failed: {made}.")
        _show(0, f"Its log is {layout.work / (run.log or '')}")
    if run.status != 0:
        return
    _show(GREEN, f"{name} is done: {made}." if number else f"{name} was done already.")
    for root in ROOTS.values():
        path = root.report(layout, run.date) if run.date else None
        if path and run.task in root.steps[-2:] and documents.exists(path):
            verdict = optional(partial(_verdict, path), "unknown", "The verdict is not shown")
            see = "" if verdict == "pass" else f"; see {path}"
            _show(_COLOURS.get(verdict, RED), f"The verdict on its lists is {verdict}{see}")
    _show(0, f"The files are in {layout.root}")


def _verdict(report: Path) -> str:
    return str(documents.read_report(report)["verdict"])


def _show(colour: int, line: str) -> None:
    LOGGER.info("%s", line, extra={"colour": colour})
