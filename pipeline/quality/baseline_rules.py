"""The rules that compare a list with its history. With no history, every rule passes.

TMDB's numbers have no fixed scale, so no figure is compared with a constant: the baseline is the
median of up to 28 earlier collections, and their spread widens what is accepted.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Callable, Sequence

from pipeline.quality.baseline import Baseline
from pipeline.quality.rules import Drift, Finding, ListRule
from pipeline.quality.snapshot import ListSnapshot

_MAD_TO_DEVIATION = 1.4826
"""The standard deviation of a normal distribution, as a multiple of its median absolute deviation.
"""

_MAX_LOG_FACTOR = 30.0
"""The highest logarithm of a factor, so that exp() cannot overflow."""


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation of the bulk of the values, which outliers do not move."""
    middle = statistics.median(values)
    return _MAD_TO_DEVIATION * statistics.median(abs(value - middle) for value in values)


def _tolerance(snapshot: ListSnapshot, limit: float, baseline: Sequence[float]) -> float:
    """Return the limit, or more where the earlier collections themselves vary by more."""
    return max(limit, snapshot.history_bounds.max_deviations * spread(baseline))


def _log_factor(factor: float) -> float:
    return math.log(max(1.0, factor))


def _log_votes(count: float) -> float:
    return math.log1p(max(0.0, count))


def _repeated(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Count the identical collections right before this one, without a gap between them."""
    movies, dates = snapshot.figures.movie_ids, [snapshot.date]
    for earlier in snapshot.history:
        too_old = (dates[-1] - earlier.date).days > snapshot.gap_days
        if earlier.movie_ids != movies or too_old:
            break
        dates.append(earlier.date)
    count = len(dates) - 1
    if count < limit or len(movies) < snapshot.bounds.min_films:
        return None
    return Finding(count, f"the same {len(movies)} movies in the same order since {dates[-1]}")


def _overlap(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare with the most similar of the recent collections, any of which may be bad itself."""
    shares = [
        (_common_share(snapshot.figures, earlier), earlier.date)
        for earlier in snapshot.recent
        if min(len(snapshot.figures.movie_ids), len(earlier.movie_ids)) >= snapshot.bounds.min_films
    ]
    share, date = max(shares, default=(math.inf, snapshot.date))
    if share >= limit:
        return None
    return Finding(round(share, 4), f"only {share:.0%} of its movies were in the list of {date}")


def _common_share(one: Baseline, other: Baseline) -> float:
    movies, others = set(one.movie_ids), set(other.movie_ids)
    return len(movies & others) / min(len(movies), len(others))


def _ranks(snapshot: ListSnapshot, limit: float) -> Finding | None:
    moves = [
        (moved, earlier.date)
        for earlier in snapshot.recent
        if (moved := _median_move(snapshot, earlier)) is not None
    ]
    moved, date = min(moves, default=(0.0, snapshot.date))
    if moved <= limit:
        return None
    return Finding(round(moved, 4), f"its movies moved by {moved:.0%} of the list since {date}")


def _median_move(snapshot: ListSnapshot, earlier: Baseline) -> float | None:
    """Return the median move as a share of the list; None where too few movies are common."""
    movies = snapshot.figures.movie_ids
    ranks = {movie: rank for rank, movie in enumerate(earlier.movie_ids)}
    moves = [abs(rank - ranks[movie]) for rank, movie in enumerate(movies) if movie in ranks]
    if len(moves) < snapshot.bounds.min_films:
        return None
    return statistics.median(moves) / len(movies)


def _new_movies(snapshot: ListSnapshot, limit: float) -> Finding | None:
    movies = set(snapshot.figures.movie_ids)
    if not snapshot.recent or len(movies) < snapshot.bounds.min_films:
        return None
    seen = set(itertools.chain.from_iterable(each.movie_ids for each in snapshot.history))
    share = len(movies - seen) / len(movies)
    if share <= limit:
        return None
    sentence = f"{share:.0%} of its movies were in none of the {len(snapshot.history)} collections"
    return Finding(round(share, 4), f"{sentence} before")


def _popularity_scale(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the scale of popularity with the baseline, up and down."""
    medians = (earlier.popularity_median for earlier in snapshot.history)
    baseline = [math.log(median) for median in medians if median is not None and median > 0]
    median = snapshot.figures.popularity_median
    if not baseline or median is None or median <= 0:
        return None
    now, tolerance = math.log(median), _tolerance(snapshot, _log_factor(limit), baseline)
    moved = max(-_MAX_LOG_FACTOR, min(_MAX_LOG_FACTOR, now - statistics.median(baseline)))
    # With a short history one bad collection moves the baseline, so any similar one is enough.
    is_short = len(baseline) < snapshot.history_bounds.min_collections
    if abs(moved) <= tolerance or (is_short and min(abs(now - b) for b in baseline) <= tolerance):
        return None
    sentence = f"the median popularity is {math.exp(moved):.2g} times the baseline"
    drift = Drift("popularity_scale", "popularity", sentence)
    return Finding(round(math.exp(moved), 4), sentence, (drift,))


def _baseline(
    snapshot: ListSnapshot, figure: Callable[[Baseline], float | None]
) -> list[float] | None:
    """Return a figure of the earlier collections; None where collections or movies are too few."""
    values = [value for each in snapshot.history if (value := figure(each)) is not None]
    is_enough = len(values) >= snapshot.history_bounds.min_collections
    return values if is_enough and len(snapshot.movies) >= snapshot.bounds.min_films else None


def _overviews(snapshot: ListSnapshot, limit: float) -> Finding | None:
    baseline = _baseline(snapshot, lambda each: each.overviews_empty)
    now = snapshot.figures.overviews_empty
    if baseline is None:
        return None
    usual = statistics.median(baseline)
    if now - usual <= _tolerance(snapshot, limit, baseline):
        return None
    sentence = f"{now:.0%} of the overviews are empty, {usual:.0%} in the baseline"
    return Finding(round(now - usual, 4), sentence)


def _votes(snapshot: ListSnapshot, limit: float) -> Finding | None:
    baseline = _baseline(snapshot, lambda each: each.votes_median)
    now = snapshot.figures.votes_median
    if baseline is None or now is None:
        return None
    logarithms = [_log_votes(each) for each in baseline]
    usual = statistics.median(logarithms)
    fallen = usual - _log_votes(now)
    if fallen <= _tolerance(snapshot, _log_factor(limit), logarithms):
        return None
    sentence = f"the median movie has {now:.0f} votes, {math.expm1(usual):.0f} in the baseline"
    return Finding(round(math.exp(fallen), 4), sentence)


def _years(snapshot: ListSnapshot, limit: float) -> Finding | None:
    baseline = _baseline(snapshot, lambda each: each.year_median)
    now = snapshot.figures.year_median
    if baseline is None or now is None:
        return None
    usual = statistics.median(baseline)
    if abs(now - usual) <= _tolerance(snapshot, limit, baseline):
        return None
    sentence = f"the median movie is of {now:.0f}, of {usual:.0f} in the baseline"
    return Finding(round(now - usual, 4), sentence)


BASELINE_RULES: tuple[ListRule, ...] = (
    ListRule("repeated", "warn", 2, "a list differs from its earlier collections",
             "An answer that never changes is outdated; lists that are collected late on one day "
             "are identical too.", _repeated),
    ListRule("overlap", "warn", 0.3, "movies of the last collection are still in the list",
             "From day to day a list keeps most of its movies; junk has nothing in common with it.",
             _overlap),
    ListRule("ranks", "warn", 0.2, "movies are about where they were",
             "A shuffled list keeps its movies and loses their ranks.", _ranks),
    ListRule("new_films", "warn", 0.6, "most movies were seen in the weeks before",
             "A list is hardly ever made of movies that were in none of the last four weeks.",
             _new_movies),
    ListRule("popularity_scale", "warn", 4, "popularity has the scale of its baseline",
             "TMDB rescales it now and then; movies of different days cannot be compared then.",
             _popularity_scale),
    ListRule("overviews_unusual", "warn", 0.2, "no more overviews are empty than in the baseline",
             "A limit that holds for every day cannot see a list that is half junk.", _overviews),
    ListRule("votes_unusual", "warn", 5, "the movies have about as many votes as the baseline",
             "Votes only grow; a list of movies with few is another list.", _votes),
    ListRule("years_unusual", "warn", 8, "the movies are about as old as the baseline",
             "What is popular is new; what is top rated stays.", _years),
)  # fmt: skip
"""Every rule that compares a list with its history."""
