"""A list to be judged, and what a rule of lists is."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline.collection import Film
from pipeline.quality.film_rules import FILM_RULES
from pipeline.quality.profile import Profile, profile_of
from pipeline.quality.rule import Asked, FilmRule, Severity
from pipeline.quality.values import is_number, is_whole

FEWEST_FILMS = 10
"""A share of fewer films says nothing, and is not judged."""


@dataclass(frozen=True)
class Listing:
    """One list to be judged.

    `past` are the profiles of its earlier collections, newest first; `gap_days` how old one of them
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
        return int(value) if is_whole(value) and is_number(value) else 0

    @property
    def asked(self) -> Asked:
        """What was asked for."""
        language = self.info.get("language")
        return Asked(self.date, language[:2] if isinstance(language, str) else "")

    @cached_property
    def broken(self) -> list[list[FilmRule]]:
        """For each film in the list's order, the rules that do not hold for it."""
        asked = self.asked
        return [[rule for rule in FILM_RULES if not rule.holds(f, asked)] for f in self.movies]

    @cached_property
    def breaking(self) -> dict[str, list[Film]]:
        """For each rule by its id, the films that break it."""
        films: dict[str, list[Film]] = defaultdict(list)
        for film, rules in zip(self.movies, self.broken, strict=True):
            for rule in rules:
                films[rule.id].append(film)
        return films

    @cached_property
    def profile(self) -> Profile:
        """The list in figures."""
        return profile_of(self.date, self.movies)

    @cached_property
    def recent(self) -> list[Profile]:
        """The last collections before that are not too old to be compared with one to one."""
        return [each for each in self.past if (self.date - each.date).days <= self.gap_days]


@dataclass(frozen=True)
class Finding:
    """In what a list fell short: the figure found, and a sentence."""

    found: float | None
    sentence: str


@dataclass(frozen=True, eq=False)
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
