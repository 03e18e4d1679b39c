"""Read the history of a list from earlier validation reports."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pipeline.paths import Place
from pipeline.quality.baseline import Baseline, from_document
from pipeline.storage.documents import Document
from pipeline.tasks.before import reports_before


class LookBack(NamedTuple):
    """The look-back window over earlier reports.

    `days` bounds it, so that ten years of data cost as much as a month.
    """

    report: Place
    days: int
    collections: int

    def profiles(self, date: datetime.date, names: Sequence[str]) -> dict[str, list[Baseline]]:
        """Return the earlier collections of each list, newest first.

        A collection that failed a blocking rule is not part of the baseline, nor is one of another
        source, language or region. An unreadable report is skipped, because a damaged file of last
        week must not fail today.
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
    """Yield the usable figures in a report; a report with another schema has none."""
    measured, failed = report.get("profiles"), report.get("failed_lists", [])
    if not isinstance(measured, dict) or not isinstance(failed, list):
        return
    for name in names:
        baseline = None if name in failed else from_document(measured.get(name))
        if baseline is not None and baseline.date == day:
            yield name, baseline
