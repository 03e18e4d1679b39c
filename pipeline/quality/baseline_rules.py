"""What a list must be when the days before are looked at. Without such days, every rule is kept.

TMDB's numbers have no fixed scale, so nothing is compared with a number of ours: the usual is the
median of up to 28 earlier collections, and how far they stray from it widens what is accepted.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

from pipeline.quality.baseline import Profile
from pipeline.quality.drift import popularity_factor, popularity_logarithms
from pipeline.quality.snapshot import Finding, Listing, ListRule

_MAD_TO_DEVIATION = 1.4826
"""The standard deviation of a normal distribution in terms of its median absolute deviation."""


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation of the bulk of the values; a few wild ones do not move it."""
    middle = statistics.median(values)
    return _MAD_TO_DEVIATION * statistics.median(abs(value - middle) for value in values)


def _widened(listing: Listing, limit: float, usual: Sequence[float]) -> float:
    """Return the limit, or more where the earlier collections themselves stray."""
    return max(limit, listing.bounds.max_deviations * spread(usual))


def _logarithm(factor: float) -> float:
    return math.log(max(1.0, factor))


def _log_of_votes(count: float) -> float:
    return math.log1p(max(0.0, count))


def _repeated(listing: Listing, limit: float) -> Finding | None:
    """Count the collections right before this one that are the same, without a gap between."""
    films, days = listing.profile.films, [listing.date]
    for profile in listing.past:
        too_old = (days[-1] - profile.date).days > listing.gap_days
        if profile.films != films or too_old:
            break
        days.append(profile.date)
    count = len(days) - 1
    if count < limit or len(films) < listing.bounds.min_films:
        return None
    return Finding(count, f"the same {len(films)} films in the same order since {days[-1]}")


def _overlap(listing: Listing, limit: float) -> Finding | None:
    """Compare with the most alike of the last collections: one bad day is no measure."""
    shares = [
        (_common_share(listing.profile, profile), profile.date)
        for profile in listing.recent
        if min(len(listing.profile.films), len(profile.films)) >= listing.bounds.min_films
    ]
    share, day = max(shares, default=(math.inf, listing.date))
    if share >= limit:
        return None
    return Finding(round(share, 4), f"only {share:.0%} of its films stood there on {day}")


def _common_share(one: Profile, other: Profile) -> float:
    films, others = set(one.films), set(other.films)
    return len(films & others) / min(len(films), len(others))


def _ranks(listing: Listing, limit: float) -> Finding | None:
    moves = [
        (moved, profile.date)
        for profile in listing.recent
        if (moved := _median_move(listing, profile)) is not None
    ]
    moved, day = min(moves, default=(0.0, listing.date))
    if moved <= limit:
        return None
    return Finding(round(moved, 4), f"its films moved by {moved:.0%} of the list since {day}")


def _median_move(listing: Listing, before: Profile) -> float | None:
    """Return by how much of the list's length its films moved; None where too few are common."""
    now = listing.profile
    ranks = {film: rank for rank, film in enumerate(before.films)}
    moves = [abs(rank - ranks[film]) for rank, film in enumerate(now.films) if film in ranks]
    if len(moves) < listing.bounds.min_films:
        return None
    return statistics.median(moves) / len(now.films)


def _new_films(listing: Listing, limit: float) -> Finding | None:
    films = set(listing.profile.films)
    if not listing.recent or len(films) < listing.bounds.min_films:
        return None
    seen = set(itertools.chain.from_iterable(profile.films for profile in listing.past))
    share = len(films - seen) / len(films)
    if share <= limit:
        return None
    return Finding(
        round(share, 4),
        f"{share:.0%} of its films stood in none of the {len(listing.past)} collections before",
    )


def popularity_scale(listing: Listing, limit: float) -> Finding | None:
    """Find the scale of popularity moved by more than that factor, up or down."""
    factor = popularity_factor(listing)
    if factor is None:
        return None
    usual = popularity_logarithms(listing)
    wide = _widened(listing, _logarithm(limit), usual)
    if abs(math.log(factor)) <= wide or _is_near_one(listing, usual, wide):
        return None
    return Finding(round(factor, 4), f"the median popularity is {factor:.2g} of the usual")


def _is_near_one(listing: Listing, usual: Sequence[float], wide: float) -> bool:
    """Whether one of a few collections is as this one: a bad one among them is no usual."""
    now = math.log(listing.profile.popularity_median or 1.0)
    return (
        len(usual) < listing.bounds.min_collections
        and min(abs(now - each) for each in usual) <= wide
    )


def _usual(listing: Listing, of: Callable[[Profile], float | None]) -> list[float]:
    """Return a measure of the earlier collections; empty where they are too few."""
    values = [value for profile in listing.past if (value := of(profile)) is not None]
    is_enough = len(values) >= listing.bounds.min_collections
    return values if is_enough and len(listing.movies) >= listing.bounds.min_films else []


def _overviews(listing: Listing, limit: float) -> Finding | None:
    usual = _usual(listing, lambda profile: profile.overviews_empty)
    now = listing.profile.overviews_empty
    if not usual or now - statistics.median(usual) <= _widened(listing, limit, usual):
        return None
    sentence = f"{now:.0%} of the overviews are empty, {statistics.median(usual):.0%} usually"
    return Finding(round(now - statistics.median(usual), 4), sentence)


def _votes(listing: Listing, limit: float) -> Finding | None:
    usual = [_log_of_votes(each) for each in _usual(listing, lambda each: each.votes_median)]
    now = listing.profile.votes_median
    if not usual or now is None:
        return None
    fallen = statistics.median(usual) - _log_of_votes(now)
    if fallen <= _widened(listing, _logarithm(limit), usual):
        return None
    before = math.expm1(statistics.median(usual))
    return Finding(
        round(math.exp(fallen), 4), f"the median film has {now:.0f} votes, {before:.0f} usually"
    )


def _years(listing: Listing, limit: float) -> Finding | None:
    usual = _usual(listing, lambda profile: profile.year_median)
    now = listing.profile.year_median
    if not usual or now is None:
        return None
    away = now - statistics.median(usual)
    if abs(away) <= _widened(listing, limit, usual):
        return None
    sentence = f"the median film is of {now:.0f}, of {statistics.median(usual):.0f} usually"
    return Finding(round(away, 4), sentence)


PAST_RULES: tuple[ListRule, ...] = (
    ListRule("repeated", "warn", "a list is not the one of the days before",
             "An answer that never changes is an old one; lists collected late on one day are the "
             "same too.", _repeated),
    ListRule("overlap", "warn", "films of the last collection are still there",
             "From day to day a list keeps most of its films; junk has nothing in common with it.",
             _overlap),
    ListRule("ranks", "warn", "films stand about where they stood",
             "A list in the order of chance keeps its films and loses their ranks.", _ranks),
    ListRule("new_films", "warn", "most films were seen in the weeks before",
             "Hardly a list is made of films that nobody has seen in four weeks.", _new_films),
    ListRule("popularity_scale", "warn", "popularity has the scale of the days before",
             "TMDB rescales it now and then, and films of different days cannot be compared then.",
             popularity_scale),
    ListRule("overviews_unusual", "warn", "not more overviews are empty than usual",
             "Half a list of junk hides below a limit that holds for every day.", _overviews),
    ListRule("votes_unusual", "warn", "the films have about as many votes as usual",
             "Votes only grow; a list of films with few is another list.", _votes),
    ListRule("years_unusual", "warn", "the films are about as old as usual",
             "What is popular is new; what is top rated stays.", _years),
)  # fmt: skip
"""Every rule that looks at the days before."""
