"""Earlier collections of a list, as the reports of their days measured them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.paths import Place
from pipeline.quality.baseline import Baseline, from_document
from pipeline.storage.documents import Document
from pipeline.tasks.before import reports_before


class LookBack(NamedTuple):
    """Where earlier reports are found, and how far back it is worth to look.

    `days` bounds the look: a root of ten years costs what one of a month does.
    """

    report: Place
    days: int
    collections: int

    def profiles(self, date: datetime.date, names: Sequence[str]) -> dict[str, list[Baseline]]:
        """Return each list's profiles of the days before that date, newest first.

        A collection that a rule of severity block found short is no measure of what is usual, nor
        is one of another source, language or region. What cannot be read is passed over: a damaged
        file of last week is not this day's fault.
        """
        found: dict[str, list[Baseline]] = {name: [] for name in names}
        for day, report in reports_before(self.report, date, self.days):
            for name, baseline in _measured(day, report, names):
                if len(found[name]) < self.collections:
                    found[name].append(baseline)
            if all(len(each) >= self.collections for each in found.values()):
                break
        return found


def _measured(
    day: datetime.date, report: Document, names: Sequence[str]
) -> Iterator[tuple[str, Baseline]]:
    """Yield the usable profiles of a report; a report of another form has none."""
    measured, failed = report.get("profiles"), report.get("failed_lists", [])
    if not isinstance(measured, dict) or not isinstance(failed, list):
        return
    for name in names:
        baseline = None if name in failed else from_document(measured.get(name))
        if baseline is not None and baseline.date == day:
            yield name, baseline
