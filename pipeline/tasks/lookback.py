"""Earlier collections of a list, as the reports of their days measured them."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline import storage
from pipeline.errors import DocumentUnreadable
from pipeline.layout import Place
from pipeline.quality.profile import Profile, from_document

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class LookBack:
    """Where earlier reports are found, and how far back it is worth to look.

    `days` bounds the look: a root of ten years costs what one of a month does.
    """

    report: Place
    days: int
    collections: int

    def profiles(
        self, date: datetime.date, names: Sequence[str], source: str
    ) -> dict[str, list[Profile]]:
        """Return each list's profiles of the days before that date, newest first.

        A collection that a rule of severity block found short is no measure of what is usual, nor
        is one of made-up films for real ones. What cannot be read is passed over: a damaged file of
        last week is not this day's fault.
        """
        found: dict[str, list[Profile]] = {name: [] for name in names}
        for number in range(1, min(self.days, date.toordinal() - 1) + 1):
            for name, profile in self._of(date - number * _DAY, names, source):
                if len(found[name]) < self.collections:
                    found[name].append(profile)
            if all(len(each) >= self.collections for each in found.values()):
                break
        return found

    def _of(
        self, day: datetime.date, names: Sequence[str], source: str
    ) -> Iterator[tuple[str, Profile]]:
        report = _readable(self.report(day))
        measured, failed = report.get("profiles"), report.get("failed_lists")
        if not isinstance(measured, dict) or report.get("source") != source:
            return
        for name in names:
            if isinstance(failed, list) and name in failed:
                continue
            profile = from_document(measured.get(name))
            if profile is not None:
                yield name, profile


def _readable(path: Path) -> storage.Document:
    try:
        return storage.read(path) if path.exists() else {}
    except DocumentUnreadable:
        return {}
