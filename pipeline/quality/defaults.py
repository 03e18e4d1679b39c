"""The packaged content of `config/quality.toml`: what a key has that the user's file lacks.

A test holds that both are the same. The file explains each figure.
"""

from __future__ import annotations

from typing import Any, NamedTuple

TABLES: dict[str, Any] = {
    "on_fail": "warn",
    "past": {
        "collections": 28,
        "daily_gap_days": 3,
        "weekly_gap_days": 21,
        "min_collections": 5,
        "max_deviations": 5.0,
    },
    "films": {
        "min_films": 10,
        "min_votes": 3,
        "max_years_ahead": 2,
        "max_years_announced": 10,
        "first_year": 1874,
    },
    "limits": {
        "adult": 0.0,
        "overview_missing": 0.65,
        "overview_language": 0.35,
        "votes_few": 0.6,
        "no_votes": 0.5,
        "poster_missing": 0.2,
        "backdrop_missing": 0.3,
        "release_date_missing": 0.2,
        "release_far_ahead": 0.1,
        "genres_missing": 0.2,
        "rated_without_votes": 0.1,
        "list_size": 0.8,
        "rows_repeated": 19,
        "order": 0.7,
        "genre_ignored": 0.95,
        "films_valid": 0.8,
        "repeated": 2,
        "overlap": 0.3,
        "ranks": 0.2,
        "new_films": 0.6,
        "popularity_scale": 4.0,
        "overviews_unusual": 0.2,
        "votes_unusual": 5.0,
        "years_unusual": 8.0,
    },
    "severity": {"list_late": "info"},
    "lists": {"trending": {"ranks": 0.45, "overviews_unusual": 0.4}},
}
"""The packaged defaults, table by table."""


class Bounds(NamedTuple):
    """Figures that several rules share and that are the same for all lists.

    Attributes:
        min_films: lists of fewer films are not judged by a share of them.
        min_votes: a film with fewer votes has few.
        max_years_ahead: a film released later is far ahead.
        max_years_announced: a release date later than that is not plausible.
        first_year: a release date before that year is not plausible.
        min_collections: earlier collections that a comparison with the usual needs.
        max_deviations: standard deviations of the earlier collections that are still usual.
    """

    min_films: int
    min_votes: int
    max_years_ahead: int
    max_years_announced: int
    first_year: int
    min_collections: int
    max_deviations: float

    def fill_in(self, description: str) -> str:
        """Return a rule's description with the figures that it names."""
        return description.format_map(self._asdict())


DEFAULT_BOUNDS = Bounds(
    **TABLES["films"],
    min_collections=TABLES["past"]["min_collections"],
    max_deviations=TABLES["past"]["max_deviations"],
)
"""The bounds where the configuration names no others."""
