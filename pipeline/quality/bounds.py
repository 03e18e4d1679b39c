"""Figures of `config/quality.toml` that several rules share, with their packaged defaults."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Days = Annotated[int, Meta(ge=1, le=366)]
Years = Annotated[int, Meta(ge=0, le=100)]
Limit = Annotated[float, Meta(ge=0, le=1e300)]
"""What a limit can be; its upper end refuses infinity."""


class MovieBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[films]`: bounds that are the same for all lists.

    Attributes:
        min_films: the length from which a list is judged by the share of its movies.
        min_votes: the number of votes that a movie needs in order not to have few.
        max_years_ahead: years from the list's date after which a release is far ahead.
        max_years_announced: years from the list's date after which a release is not plausible.
        first_year: the earliest plausible year of a release.
    """

    min_films: Annotated[int, Meta(ge=1, le=10_000)] = 10
    min_votes: Annotated[int, Meta(ge=0, le=10_000)] = 3
    max_years_ahead: Years = 2
    max_years_announced: Years = 10
    first_year: Annotated[int, Meta(ge=1, le=2100)] = 1874


class HistoryBounds(Struct, frozen=True, forbid_unknown_fields=True):
    """The table `[past]`: how a list is compared with its earlier collections.

    Attributes:
        collections: the number of earlier collections in the look-back window.
        daily_gap_days: the highest age of a daily collection that is compared one to one.
        weekly_gap_days: the same for a weekly collection.
        min_collections: the number of earlier collections that make a baseline.
        max_deviations: the standard deviations of the baseline that are accepted.
    """

    collections: Days = 28
    daily_gap_days: Days = 3
    weekly_gap_days: Days = 21
    min_collections: Days = 5
    max_deviations: Limit = 5.0


DEFAULT_MOVIE_BOUNDS = MovieBounds()
DEFAULT_HISTORY_BOUNDS = HistoryBounds()
