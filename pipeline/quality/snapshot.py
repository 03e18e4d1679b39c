"""A list to be judged, and what a rule of lists is."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from pipeline.documents.collect import Film
from pipeline.quality.baseline import Profile, profile_of
from pipeline.quality.defaults import DEFAULT_BOUNDS, Bounds
from pipeline.quality.fields import is_number, is_whole
from pipeline.quality.movie_rules import FILM_RULES
from pipeline.quality.rules import Asked, Severity


class Listing:
    """One list to be judged.

    `past` are the profiles of its earlier collections, newest first; `gap_days` how old one of them
    may be to be compared with one to one. `bounds` are the figures that rules share.
    """

    def __init__(
        self,
        name: str,
        file: str,
        date: datetime.date,
        document: dict[str, Any],
        past: Sequence[Profile] = (),
        gap_days: int = 1,
        bounds: Bounds = DEFAULT_BOUNDS,
    ) -> None:
        self.name = name
        self.file = file
        self.date = date
        self.document = document
        self.past = past
        self.gap_days = gap_days
        self.bounds = bounds

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
        code = language[:2] if isinstance(language, str) else ""
        return Asked(self.date, code, self.bounds)

    @cached_property
    def breaking(self) -> dict[str, list[int]]:
        """For each rule of films by its id, the places in the list of those that break it."""
        asked, films = self.asked, self.movies
        return {
            rule.id: [place for place, film in enumerate(films) if not rule.holds(film, asked)]
            for rule in FILM_RULES
        }

    @cached_property
    def failed(self) -> set[int]:
        """The places of the films that break a required rule."""
        return {place for rule in FILM_RULES if rule.required for place in self.breaking[rule.id]}

    @property
    def scores(self) -> list[int]:
        """The films' scores, 0 to 100, in the list's order."""
        scores = [100] * len(self.movies)
        for rule in FILM_RULES:
            for place in self.breaking[rule.id]:
                scores[place] -= rule.points
        return [max(0, score) for score in scores]

    @cached_property
    def profile(self) -> Profile:
        """The list in figures."""
        return profile_of(self.date, self.movies)

    @cached_property
    def recent(self) -> list[Profile]:
        """The last collections before that are not too old to be compared with one to one."""
        return [each for each in self.past if (self.date - each.date).days <= self.gap_days]


class Finding(NamedTuple):
    """In what a list fell short: the figure found, and a sentence."""

    found: float | None
    sentence: str


class ListRule(NamedTuple):
    """One demand on a whole list; `look` is asked with the limit and says what is wrong, or None.

    `has_limit` is False for a rule that is kept or broken without a figure.
    """

    id: str
    severity: Severity
    description: str
    why: str
    look: Callable[[Listing, float], Finding | None]
    has_limit: bool = True
