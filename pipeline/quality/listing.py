"""A list to be judged, and what a rule of lists is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.collection import Film
from pipeline.quality.film_rules import FILM_RULES
from pipeline.quality.profile import Profile, profile_of
from pipeline.quality.rule import Asked, FilmRule, Severity
from pipeline.quality.values import is_whole

FEWEST_FILMS = 10
"""A share of fewer films says nothing, and is not judged."""


@dataclass(frozen=True)
class Listing:
    """One list to be judged.

    `past` are the profiles of its earlier collections, newest first; `gap_days` how old the newest
    may be to be compared with one to one.
    """

    name: str
    file: str
    date: datetime.date
    document: dict[str, Any]
    past: Sequence[Profile] = ()
    gap_days: int = 1

    @property
    def movies(self) -> list[Film]:
        """The films in the list's order."""
        films: list[Film] = self.document["movies"]
        return films

    @property
    def info(self) -> dict[str, Any]:
        """What the document says of itself."""
        info: dict[str, Any] = self.document["collection_info"]
        return info

    def count(self, key: str) -> int:
        """Return a whole number of `collection_info`; 0 where there is none."""
        value = self.info.get(key)
        return value if is_whole(value) else 0

    @property
    def asked(self) -> Asked:
        """What was asked for."""
        return Asked(self.date, str(self.info.get("language", ""))[:2])

    @cached_property
    def broken(self) -> list[list[FilmRule]]:
        """For each film in the list's order, the rules that do not hold for it."""
        asked = self.asked
        return [[rule for rule in FILM_RULES if not rule.holds(f, asked)] for f in self.movies]

    @cached_property
    def profile(self) -> Profile:
        """The list in figures."""
        return profile_of(self.date, self.movies)

    @property
    def last(self) -> Profile | None:
        """The last collection before, unless it is too old to be compared with one to one."""
        if self.past and (self.date - self.past[0].date).days <= self.gap_days:
            return self.past[0]
        return None


@dataclass(frozen=True)
class Finding:
    """In what a list fell short: the figure found, and a sentence."""

    found: float | None
    sentence: str


@dataclass(frozen=True)
class ListRule:
    """One demand on a whole list; `look` is asked with the limit and says what is wrong, or None.

    `has_limit` is False for a rule that is kept or broken without a figure.
    """

    id: str
    severity: Severity
    description: str
    why: str
    look: Callable[[Listing, float], Finding | None]
    has_limit: bool = True
