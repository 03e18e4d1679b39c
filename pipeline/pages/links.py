"""Addresses of pages, as seen from the index."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from pathlib import Path

from pipeline.paths import Layout

# Days in the calendar of the index, and weeks in its table.
DAYS = 60
WEEKS = 26

_LAYOUT = Layout(Path())


class Links:
    """The addresses of existing pages; the address of a page that does not exist is empty."""

    def __init__(self, addresses: Collection[str]) -> None:
        self._addresses = frozenset(addresses)

    def daily(self, date: datetime.date) -> str:
        """Return the address of the page of a day."""
        return self._find(_LAYOUT.daily_page(date))

    def weekly(self, date: datetime.date) -> str:
        """Return the address of the page of a week."""
        return self._find(_LAYOUT.weekly_page(date))

    def _find(self, path: Path) -> str:
        address = path.relative_to(_LAYOUT.pages).as_posix()
        return address if address in self._addresses else ""
