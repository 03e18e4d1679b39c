"""What remains of a list once it is judged: figures and findings, never its films. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from pipeline.documents.collect import Identity, identity_of
from pipeline.quality.baseline import Profile
from pipeline.quality.checks import Shortfall, shortfalls
from pipeline.quality.drift import drift_of
from pipeline.quality.list_rules import lateness
from pipeline.quality.snapshot import Finding, Listing
from pipeline.quality.thresholds import Thresholds


class Judgement(NamedTuple):
    """One list, judged. `scores` and `issues` count its films by score and by broken rule."""

    name: str
    file: str
    identity: Identity
    films: int
    passed: int
    scores: Counter[int]
    issues: Counter[str]
    shortfalls: Sequence[Shortfall]
    drift: Sequence[dict[str, Any]]
    late_by_days: int
    lateness: Finding | None
    profile: Profile


def judgement(listing: Listing, thresholds: Thresholds) -> Judgement:
    """Apply every rule to one list."""
    found = shortfalls(listing, thresholds)
    return Judgement(
        name=listing.name,
        file=listing.file,
        identity=identity_of(listing.info),
        films=len(listing.movies),
        passed=len(listing.movies) - len(listing.failed),
        scores=Counter(listing.scores),
        issues=Counter({rule: len(places) for rule, places in listing.breaking.items()}),
        shortfalls=found,
        drift=drift_of(listing, any(each.rule.id == "popularity_scale" for each in found)),
        late_by_days=listing.count("late_by_days"),
        lateness=lateness(listing),
        profile=listing.profile,
    )
