"""Earlier collections of a list, as the reports of their days measured them."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pipeline import storage
from pipeline.errors import DocumentUnreadable
from pipeline.quality.profile import Profile, from_document, profile_of

Place = Callable[[datetime.date], Path]

_DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class LookBack:
    """Where earlier collections are found, and how far back it is worth to look.

    `lists` maps each list's name to where its own document of a day is, for days that have no
    report. `days` bounds the look: a root of ten years costs what one of a month does.
    """

    report: Place
    lists: Mapping[str, Place]
    source: str
    days: int
    collections: int

    def profiles(self, date: datetime.date) -> dict[str, list[Profile]]:
        """Return each list's profiles of the days before that date, newest first.

        A collection that a rule of severity block found short is no measure of what is usual, nor
        is one of made-up films for real ones. What cannot be read is passed over: a damaged file of
        last week is not this day's fault.
        """
        found: dict[str, list[Profile]] = {name: [] for name in self.lists}
        for number in range(1, min(self.days, date.toordinal() - 1) + 1):
            day = date - number * _DAY
            for name, profile in self._of(day):
                if len(found[name]) < self.collections:
                    found[name].append(profile)
            if all(len(each) >= self.collections for each in found.values()):
                break
        return found

    def _of(self, day: datetime.date) -> Iterator[tuple[str, Profile]]:
        report = _readable(self.report(day)) or {}
        measured, failed = report.get("profiles"), report.get("failed_lists")
        for name, place in self.lists.items():
            if isinstance(failed, list) and name in failed:
                continue
            if isinstance(measured, dict) and report.get("source") == self.source:
                profile = from_document(measured.get(name))
            else:
                profile = self._measured(day, place(day))
            if profile is not None:
                yield name, profile

    def _measured(self, day: datetime.date, path: Path) -> Profile | None:
        """Measure a list that no report has measured: one of an older version, or none at all."""
        try:
            document = storage.read_collection(path) if path.exists() else None
        except DocumentUnreadable:
            return None
        if document is None or document["collection_info"]["source"] != self.source:
            return None
        return profile_of(day, document["movies"])


def _readable(path: Path) -> storage.Document | None:
    try:
        return storage.read(path) if path.exists() else None
    except DocumentUnreadable:
        return None
