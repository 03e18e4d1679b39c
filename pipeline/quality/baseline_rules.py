"""The rules that compare a list with its history. With no history, every rule passes.

TMDB's numbers have no fixed scale, so no figure is compared with a constant: the baseline is the
median of up to 28 earlier collections, and their spread widens what is accepted.
"""

from __future__ import annotations

import itertools
import math
import operator
import statistics
from collections.abc import Callable, Sequence
from functools import partial

from pipeline.quality.list_rules import Check
from pipeline.quality.snapshot import Finding, ListSnapshot, finding_if

_Scale = Callable[[float], float]


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation of the bulk of the values, which outliers do not move."""
    middle = statistics.median(values)
    # The standard deviation of a normal distribution is 1.4826 median absolute deviations.
    return 1.4826 * statistics.median(abs(value - middle) for value in values)


def _tolerance(snapshot: ListSnapshot, limit: float, earlier: Sequence[float]) -> float:
    """Return the limit, or more where the earlier collections themselves vary by more."""
    return max(limit, snapshot.history_bounds.max_deviations * spread(earlier))


def _repeated(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Count the identical collections right before this one, without a gap between them."""
    dates = [snapshot.date]
    for earlier in snapshot.history:
        too_old = (dates[-1] - earlier.date).days > snapshot.gap_days
        if earlier.films != snapshot.figures.films or too_old:
            break
        dates.append(earlier.date)
    sentence, size = "the same {1} movies in the same order since {2}", len(snapshot.movies)
    violates = len(dates) > limit and not snapshot.is_short
    return finding_if(violates, len(dates) - 1, sentence, size, dates[-1])


def _overlap(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare with the most similar of the recent collections, any of which may be bad itself."""
    movies, shares = set(snapshot.figures.movie_ids), []
    for each in snapshot.recent:
        others = set(each.movie_ids)
        size = min(len(movies), len(others))
        if size >= snapshot.bounds.min_films:
            shares.append((len(movies & others) / size, each.date))
    share, date = max(shares, default=(math.inf, snapshot.date))
    sentence = "only {:.0%} of its movies were in the list of {}"
    return finding_if(share < limit, share, sentence, date)


def _ranks(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare with the recent collection in which the common movies had the closest ranks."""
    movies, moves = snapshot.figures.movie_ids, []
    for each in snapshot.recent:
        ranks = {movie: rank for rank, movie in enumerate(each.movie_ids)}
        steps = [abs(rank - ranks[movie]) for rank, movie in enumerate(movies) if movie in ranks]
        if len(steps) >= snapshot.bounds.min_films:
            moves.append((statistics.median(steps) / len(movies), each.date))
    moved, date = min(moves, default=(0.0, snapshot.date))
    sentence = "its movies moved by {:.0%} of the list since {}"
    return finding_if(moved > limit, moved, sentence, date)


def _new_movies(snapshot: ListSnapshot, limit: float) -> Finding | None:
    movies = set(snapshot.figures.movie_ids)
    if not snapshot.recent or len(movies) < snapshot.bounds.min_films:
        return None
    seen = itertools.chain.from_iterable(each.movie_ids for each in snapshot.history)
    share = len(movies.difference(seen)) / len(movies)
    sentence = "{:.0%} of its movies were in none of the {} collections before"
    return finding_if(share > limit, share, sentence, len(snapshot.history))


def _popularity_scale(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the scale of popularity with the baseline, up and down."""
    medians = [each.popularity_median or 0.0 for each in (snapshot.figures, *snapshot.history)]
    # Medians have four digits, so that the lowest one above 0 is 0.0001.
    earlier = [math.log(median) for median in medians[1:] if median >= 0.0001]
    if not earlier or medians[0] < 0.0001:
        return None
    moved = math.log(medians[0]) - statistics.median(earlier)
    differences = [abs(moved)]
    if len(earlier) < snapshot.history_bounds.min_collections:
        # One bad collection moves the median of a short history, so any similar one is enough.
        differences += [abs(math.log(medians[0]) - each) for each in earlier]
    if min(differences) <= _tolerance(snapshot, math.log(max(1.0, limit)), earlier):
        return None
    sentence = f"the median popularity is {math.exp(moved):.2g} times the baseline"
    drift = {"kind": "popularity_scale", "field": "popularity", "finding": sentence}
    return Finding(round(math.exp(moved), 4), sentence, [drift])


def _unusual(
    figure: str, scale: _Scale, direction: _Scale, sentence: str, at: ListSnapshot, limit: float
) -> Finding | None:
    """Compare a figure with its baseline, in one direction or both; on a log scale by a factor."""
    now, *values = [getattr(each, figure) for each in (at.figures, *at.history)]
    known = [value for value in values if value is not None]
    if now is None or len(known) < at.history_bounds.min_collections or at.is_short:
        return None
    is_factor, earlier = scale is _log_count, [scale(value) for value in known]
    moved = direction(scale(now) - statistics.median(earlier))
    accepted = _tolerance(at, math.log(max(1.0, limit)) if is_factor else limit, earlier)
    found = math.exp(moved) if is_factor else moved
    return finding_if(moved > accepted, found, sentence, now, statistics.median(known))


def _log_count(count: float) -> float:
    return math.log1p(max(0.0, count))


BASELINE_CHECKS: dict[str, Check] = {
    "repeated": _repeated,
    "overlap": _overlap,
    "ranks": _ranks,
    "new_films": _new_movies,
    "popularity_scale": _popularity_scale,
    "overviews_unusual": partial(_unusual, "overviews_empty", float, float,
        "{1:.0%} of the overviews are empty, {2:.0%} in the baseline"),
    "votes_unusual": partial(_unusual, "votes_median", _log_count, operator.neg,
        "the median movie has {1:.0f} votes, {2:.0f} in the baseline"),
    "years_unusual": partial(_unusual, "year_median", float, abs,
        "the median movie is of {1:.0f}, of {2:.0f} in the baseline"),
}  # fmt: skip
