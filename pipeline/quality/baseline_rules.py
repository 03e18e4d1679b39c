"""The rules that compare a list with its history. With no history, every rule passes.

TMDB's numbers have no fixed scale, so no figure is compared with a constant: the baseline is the
median of up to 28 earlier collections, and their spread widens what is accepted.
"""

from __future__ import annotations

import math
import operator
import statistics
from collections.abc import Callable, Sequence
from functools import partial

from pipeline.quality.rules import Finding, ListRule, ListSnapshot, find_above, find_below

# The standard deviation of a normal distribution, in median absolute deviations.
_MAD_TO_DEVIATION = 1.4826

# The lowest median above 0: medians have four digits.
_MIN_POPULARITY = 0.0001


def spread(values: Sequence[float]) -> float:
    """Return the standard deviation of the bulk of the values, which outliers do not move."""
    middle = statistics.median(values)
    return _MAD_TO_DEVIATION * statistics.median(abs(value - middle) for value in values)


def _tolerance(snapshot: ListSnapshot, limit: float, earlier: Sequence[float]) -> float:
    """Return the limit, or more where the earlier collections themselves vary by more."""
    return max(limit, snapshot.history_bounds.max_deviations * spread(earlier))


def _log_factor(limit: float) -> float:
    return math.log(max(1.0, limit))


def _log_count(count: float) -> float:
    return math.log1p(max(0.0, count))


def _repeated(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Count the identical collections right before this one, without a gap between them."""
    now, dates = snapshot.figures, [snapshot.date]
    for earlier in snapshot.history:
        too_old = (dates[-1] - earlier.date).days > snapshot.gap_days
        if earlier.films != now.films or too_old:
            break
        dates.append(earlier.date)
    if len(dates) <= limit or snapshot.is_short:
        return None
    sentence = f"the same {len(snapshot.movies)} movies in the same order since {dates[-1]}"
    return Finding(len(dates) - 1, sentence)


def _overlap(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare with the most similar of the recent collections, any of which may be bad itself."""
    movies, shares = set(snapshot.figures.movie_ids), []
    for each in snapshot.recent:
        others = set(each.movie_ids)
        size = min(len(movies), len(others))
        if size >= snapshot.bounds.min_films:
            shares.append((len(movies & others) / size, each.date))
    share, date = max(shares, default=(math.inf, snapshot.date))
    return find_below(limit, share, f"only {share:.0%} of its movies were in the list of {date}")


def _ranks(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare with the recent collection in which the common movies had the closest ranks."""
    movies, moves = snapshot.figures.movie_ids, []
    for each in snapshot.recent:
        ranks = {movie: rank for rank, movie in enumerate(each.movie_ids)}
        steps = [abs(rank - ranks[movie]) for rank, movie in enumerate(movies) if movie in ranks]
        if len(steps) >= snapshot.bounds.min_films:
            moves.append((statistics.median(steps) / len(movies), each.date))
    moved, date = min(moves, default=(0.0, snapshot.date))
    return find_above(limit, moved, f"its movies moved by {moved:.0%} of the list since {date}")


def _new_movies(snapshot: ListSnapshot, limit: float) -> Finding | None:
    movies = set(snapshot.figures.movie_ids)
    if not snapshot.recent or len(movies) < snapshot.bounds.min_films:
        return None
    new = movies.difference(*(each.movie_ids for each in snapshot.history))
    share = len(new) / len(movies)
    sentence = f"{share:.0%} of its movies were in none of the {len(snapshot.history)} collections"
    return find_above(limit, share, f"{sentence} before")


def _popularity_scale(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the scale of popularity with the baseline, up and down."""
    medians = [each.popularity_median or 0.0 for each in (snapshot.figures, *snapshot.history)]
    earlier = [math.log(median) for median in medians[1:] if median >= _MIN_POPULARITY]
    if not earlier or medians[0] < _MIN_POPULARITY:
        return None
    now = math.log(medians[0])
    moved = now - statistics.median(earlier)
    differences = [abs(moved)]
    if len(earlier) < snapshot.history_bounds.min_collections:
        # One bad collection moves the median of a short history, so any similar one is enough.
        differences += [abs(now - each) for each in earlier]
    if min(differences) <= _tolerance(snapshot, _log_factor(limit), earlier):
        return None
    sentence = f"the median popularity is {math.exp(moved):.2g} times the baseline"
    drift = {"kind": "popularity_scale", "field": "popularity", "finding": sentence}
    return Finding(round(math.exp(moved), 4), sentence, [drift])


def _unusual(
    snapshot: ListSnapshot,
    limit: float,
    *,
    figure: str,
    direction: Callable[[float], float],
    sentence: str,
    is_factor: bool = False,
) -> Finding | None:
    """Compare a figure with its baseline, in one direction or both."""
    now, *values = [getattr(each, figure) for each in (snapshot.figures, *snapshot.history)]
    known = [value for value in values if value is not None]
    is_baseline = len(known) >= snapshot.history_bounds.min_collections
    if now is None or not is_baseline or snapshot.is_short:
        return None
    scale = _log_count if is_factor else float
    earlier = [scale(value) for value in known]
    moved = direction(scale(now) - statistics.median(earlier))
    if moved <= _tolerance(snapshot, _log_factor(limit) if is_factor else limit, earlier):
        return None
    found = math.exp(moved) if is_factor else moved
    return Finding(round(found, 4), sentence.format(now, statistics.median(known)))


BASELINE_RULES: tuple[ListRule, ...] = (
    ListRule("repeated", "warn", 2, "a list differs from its earlier collections",
             "An answer that never changes is outdated; lists that are collected late on one day "
             "are identical too.", _repeated),
    ListRule("overlap", "warn", 0.3, "movies of the last collection are still in the list",
             "From day to day a list keeps most of its movies; junk has nothing in common with it.",
             _overlap),
    ListRule("ranks", "warn", 0.2, "movies are about where they were",
             "A shuffled list keeps its movies and loses their ranks.", _ranks, {"trending": 0.45}),
    ListRule("new_films", "warn", 0.6, "most movies were seen in the weeks before",
             "A list is hardly ever made of movies that were in none of the last four weeks.",
             _new_movies),
    ListRule("popularity_scale", "warn", 4, "popularity has the scale of its baseline",
             "TMDB rescales it now and then; movies of different days cannot be compared then.",
             _popularity_scale),
    ListRule("overviews_unusual", "warn", 0.2, "no more overviews are empty than in the baseline",
             "A limit that holds for every day cannot see a list that is half junk.",
             partial(_unusual, figure="overviews_empty", direction=float,
                     sentence="{:.0%} of the overviews are empty, {:.0%} in the baseline"),
             {"trending": 0.4}),
    ListRule("votes_unusual", "warn", 5, "the movies have about as many votes as the baseline",
             "Votes only grow; a list of movies with few is another list.",
             partial(_unusual, figure="votes_median", direction=operator.neg, is_factor=True,
                     sentence="the median movie has {:.0f} votes, {:.0f} in the baseline")),
    ListRule("years_unusual", "warn", 8, "the movies are about as old as the baseline",
             "What is popular is new; what is top rated stays.",
             partial(_unusual, figure="year_median", direction=abs,
                     sentence="the median movie is of {:.0f}, of {:.0f} in the baseline")),
)  # fmt: skip
