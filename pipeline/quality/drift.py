"""What changed in the shape of the data: told, never failed on."""

from __future__ import annotations

import math
import statistics
from typing import Any

from pipeline.quality.snapshot import Listing

KNOWN_FIELDS = frozenset(
    [
        "adult",
        "backdrop_path",
        "genre_ids",
        "id",
        "original_language",
        "original_title",
        "overview",
        "popularity",
        "poster_path",
        "release_date",
        "title",
        "video",
        "vote_average",
        "vote_count",
    ]
)
"""What every list's rows had from 2024 to 2026."""

SOMETIMES = frozenset(("softcore", "media_type"))
"""softcore since spring 2026; media_type in the trending list."""

MOST_FIELDS = 10
"""That are told of one list; an answer of another shape would have hundreds."""


_MOST_MOVED = 30.0
"""Logarithm of a factor that is told; a nonsensical number could make one that no float holds."""


def fields_of(listing: Listing) -> tuple[list[str], list[str]]:
    """Return the fields that nobody knows, and those that no row has any more, both sorted."""
    here = listing.profile.fields
    before = listing.past[0].fields if listing.past else frozenset()
    unknown = sorted(here - KNOWN_FIELDS - SOMETIMES)
    vanished = sorted((KNOWN_FIELDS | before) - SOMETIMES - here) if listing.movies else []
    return unknown[:MOST_FIELDS], vanished[:MOST_FIELDS]


def popularity_factor(listing: Listing) -> float | None:
    """Return the median popularity as a multiple of the usual; None where either is not known."""
    usual, now = popularity_logarithms(listing), listing.profile.popularity_median
    if not usual or now is None or now <= 0:
        return None
    moved = math.log(now) - statistics.median(usual)
    return math.exp(max(-_MOST_MOVED, min(_MOST_MOVED, moved)))


def popularity_logarithms(listing: Listing) -> list[float]:
    """Return the logarithms of the median popularities before: a scale moves by factors."""
    medians = (profile.popularity_median for profile in listing.past)
    return [math.log(median) for median in medians if median is not None and median > 0]


def drift_of(listing: Listing, popularity_moved: bool) -> list[dict[str, Any]]:
    """Return what changed in one list, as it stands in the report."""
    unknown, vanished = fields_of(listing)
    told = [_entry(listing, "unknown_field", field, "nobody knows it") for field in unknown]
    told += [_entry(listing, "vanished_field", field, "no film has it") for field in vanished]
    factor = popularity_factor(listing) if popularity_moved else None
    if factor is not None:
        told.append(
            _entry(
                listing,
                "popularity_scale",
                "popularity",
                f"its median is {factor:.2g} of the usual",
            )
        )
    return told


def _entry(listing: Listing, kind: str, field: str, finding: str) -> dict[str, Any]:
    return {"list": listing.name, "kind": kind, "field": field, "finding": finding}
