"""The end of a run in three lines: what was made, the verdict of its lists, where; or what failed.

They are in its log as well. On a terminal, the errors stand last.
"""

import logging

from pipeline.errors import PipelineError
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs.record import Entry
from pipeline.paths import Layout
from pipeline.runtime.terminal import GREEN, RED, YELLOW
from pipeline.storage import documents

LOGGER = logging.getLogger("luigi-interface.pipeline")

_COLOURS = {"pass": GREEN, "warn": YELLOW, "fail": RED}
_OF_TASKS = (20, 25, 30)  # the exit statuses of failed tasks; other errors say all by themselves


def show(layout: Layout, run: Entry) -> None:
    """Log the last lines of a run that has ended."""
    name = f"{run.task} of {run.date}" if run.date else run.task
    number, seconds = len(run.documents), f"{run.seconds or 0:.1f} s"
    made = f"{number or 'no'} new file{'s' * (number != 1)}"
    if run.status == 0:
        _show(
            GREEN,
            f"{name} is done: {made} in {seconds}." if number else f"{name} was done already.",
        )
        _show_verdict(layout, run)
        _show(0, f"The files are in {layout.root}")
    elif run.status in _OF_TASKS:
        _show(RED, f"{name} failed after {seconds}: {made}.")
        _show(0, f"Its log is {layout.root / (run.log or '')}")


def _show_verdict(layout: Layout, run: Entry) -> None:
    for root in ROOTS.values():
        if run.date and run.task in (root.family, root.report_task):
            path = root.report(layout, run.date)
            try:
                report = documents.read_report(path)
            except PipelineError:
                return
            failed = [each for each in report["checks"] if not each["success"]]
            names = ", ".join(each["id"] for each in failed if each["severity"] != "info")
            reasons = f": {names}; see {layout.relative(path)}" if names else ""
            score = f"{report['overall_quality_score']:.1f} of 100"
            verdict = report["verdict"]
            _show(_COLOURS[verdict], f"Verdict {verdict}, quality {score}{reasons}")


def _show(colour: int, line: str) -> None:
    LOGGER.info("%s", line, extra={"colour": colour})
