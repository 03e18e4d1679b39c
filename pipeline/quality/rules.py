"""The types of the rules, which are data: a row of a table with a small function.

Severities: `info` is reported only, `warn` makes the verdict warn, `block` makes it fail.
`config/quality.toml` overrides limits and severities.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, NamedTuple

from pipeline.quality.fields import Movie
from pipeline.quality.snapshot import ListSnapshot, RequestContext

Severity = Literal["info", "warn", "block"]

SEVERITIES: tuple[Severity, ...] = ("info", "warn", "block")
"""All severities in ascending order."""

REQUIRED = 100
"""The points of a required rule: a movie that violates one scores 0."""


class Drift(NamedTuple):
    """A change in the form of TMDB's data, which a finding reports."""

    kind: Literal["unknown_field", "vanished_field", "popularity_scale"]
    field: str
    finding: str


class Finding(NamedTuple):
    """How a list violates a rule: the figure found, a sentence, and the drift behind it."""

    found: float | None
    sentence: str
    drift: tuple[Drift, ...] = ()


class MovieRule(NamedTuple):
    """A rule about each movie of a list.

    A movie that violates the rule loses `points` of its score of 100. From 100 points on the rule
    is *required*, and the movie is invalid. The list fails the check where the share of violating
    movies exceeds `limit`. `field` is the field that the evidence shows. `description` may name
    figures of the bounds in braces.
    """

    id: str
    points: int
    severity: Severity
    limit: float
    field: str
    description: str
    why: str
    is_satisfied: Callable[[Movie, RequestContext], bool]

    @property
    def required(self) -> bool:
        """Whether a movie that violates this rule is invalid."""
        return self.points >= REQUIRED

    def violations(self, snapshot: ListSnapshot) -> list[int]:
        """Return the positions of the movies that violate this rule, found once per list."""
        if self.id not in snapshot.violations:
            context = snapshot.context
            snapshot.violations[self.id] = [
                position
                for position, movie in enumerate(snapshot.movies)
                if not self.is_satisfied(movie, context)
            ]
        return snapshot.violations[self.id]


class ListRule(NamedTuple):
    """A rule about a list as a whole.

    `check` compares the list with the limit and returns what it found, or None. `limit` is None for
    a rule that compares with no figure.
    """

    id: str
    severity: Severity
    limit: float | None
    description: str
    why: str
    check: Callable[[ListSnapshot, float], Finding | None]


Rule = MovieRule | ListRule
