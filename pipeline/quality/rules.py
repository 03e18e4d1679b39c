"""What a rule of films is: data with a function of one line. The rules are in `film_rules`.

Severities: `info` is only told, `warn` makes the verdict warn, `block` makes it fail. Limits and
other severities come from `config/quality.toml`.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Literal, NamedTuple

from pipeline.documents.collect import Film
from pipeline.quality.defaults import DEFAULT_BOUNDS, Bounds

Severity = Literal["info", "warn", "block"]

SEVERITIES: tuple[Severity, ...] = ("info", "warn", "block")
"""From harmless to grave."""

REQUIRED = 100
"""Points of a required rule: a film that breaks one scores 0."""


class Asked(NamedTuple):
    """What was asked for: the films of which day, in which language (two letters, or empty).

    `bounds` are the figures that a film is compared with.
    """

    date: datetime.date
    language: str
    bounds: Bounds = DEFAULT_BOUNDS


class FilmRule(NamedTuple):
    """One demand on a film.

    `points` is what a film that breaks it loses of its score of 100; from 100 on it is *required*
    and the film fails. The list falls short where the share of films that break the rule exceeds
    the limit. `field` is what the evidence shows. `description` names a figure of the bounds in
    braces.
    """

    id: str
    points: int
    severity: Severity
    field: str
    description: str
    why: str
    holds: Callable[[Film, Asked], bool]

    @property
    def required(self) -> bool:
        """Whether a film that breaks this rule fails."""
        return self.points >= REQUIRED
