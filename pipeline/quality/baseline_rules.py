"""The rules about a list that is compared with its history.

With no history, every rule passes. TMDB's numbers have no fixed scale, so no figure is compared
with a constant: the baseline is the median of up to 28 earlier collections, and their spread widens
what is accepted. `CHECKS` is as that of `list_rules`.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pipeline.quality.baseline import find_level, is_near, tolerance
from pipeline.quality.snapshot import Finding, ListSnapshot, Number, finding_if, values_of


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
    """Compute the share of movies that are in none of the earlier collections."""
    movies = set(snapshot.figures.movie_ids)
    if not snapshot.recent or len(movies) < snapshot.bounds.min_films:
        return None
    seen = itertools.chain.from_iterable(each.movie_ids for each in snapshot.history)
    share = len(movies.difference(seen)) / len(movies)
    sentence = "{:.0%} of its movies were in none of the {} collections before"
    return finding_if(share > limit, share, sentence, len(snapshot.history))


def _popularity_scale(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the scale of popularity with the baseline, up and down.

    One bad collection moves the median of a short history, so any similar one is enough there.
    """
    medians = [each.popularity_median or 0.0 for each in (snapshot.figures, *snapshot.history)]
    # Medians have four digits, so that the lowest one above 0 is 0.0001.
    earlier = [math.log(median) for median in medians[1:] if median >= 0.0001]
    if not earlier or medians[0] < 0.0001:
        return None
    now, limit, bounds = math.log(medians[0]), math.log(max(1.0, limit)), snapshot.history_bounds
    is_short = len(earlier) < bounds.min_collections
    if is_short and min(abs(now - each) for each in earlier) <= tolerance(bounds, limit, earlier):
        return None
    shift = _shift(snapshot, limit, now, earlier)
    if shift is None:
        return None
    factor = math.exp(now - shift.baseline)
    sentence = f"the median popularity is {factor:.2g} times the baseline{shift.remark}"
    drift = {"kind": "popularity_scale", "field": "popularity", "finding": sentence}
    return Finding(round(factor, 4), sentence, [drift], None, shift.severity)


def _years(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the median release year with the baseline, up and down."""
    now, *years = [each.year_median for each in (snapshot.figures, *snapshot.history)]
    earlier = [year for year in years if year is not None]
    few = len(earlier) < snapshot.history_bounds.min_collections
    shift = None if now is None or few else _shift(snapshot, limit, now, earlier)
    if now is None or shift is None or snapshot.is_short:
        return None
    sentence = f"the median movie is of {now:.0f}, of {shift.baseline:.0f} in the baseline"
    difference = round(abs(now - shift.baseline), 4)
    return Finding(difference, sentence + shift.remark, (), None, shift.severity)


class _Shift(NamedTuple):
    """A figure that has left the level of its baseline."""

    baseline: float
    severity: str = ""
    remark: str = ""


def _shift(
    snapshot: ListSnapshot, limit: float, now: float, earlier: Sequence[float]
) -> _Shift | None:
    """Report a shift when it begins, and note once that the new level is the baseline.

    In between it is not reported again. A list that fails a rule of severity block never makes a
    new baseline, because then its other movies have moved the figure.
    """
    bounds = snapshot.history_bounds
    level, shifted = find_level(bounds, limit, earlier)
    if is_near(bounds, limit, now, level):
        return None
    baseline = statistics.median(level)
    if snapshot.is_blocked or not shifted or not is_near(bounds, limit, now, shifted):
        return _Shift(baseline)
    if len(shifted) + 1 < bounds.lasting_collections:
        return None
    remark = f", as in the {len(shifted)} collections before: this is the new baseline"
    return _Shift(baseline, "info", remark)


def _overviews(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the share of empty overviews with the baseline, up and down."""
    now, earlier = snapshot.figures, [each.overviews_empty for each in snapshot.history]
    bounds = snapshot.history_bounds
    if len(earlier) < bounds.min_collections or snapshot.is_short:
        return None
    usual = statistics.median(earlier)
    moved = abs(now.overviews_empty - usual)
    sentence = "{1:.0%} of the overviews are empty, {2:.0%} in the baseline"
    violates = moved > tolerance(bounds, limit, earlier)
    return finding_if(violates, moved, sentence, now.overviews_empty, usual)


def _votes(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the median number of votes with the baseline, down only: votes grow.

    The median of a short list can fall from one movie to the next where half of its movies have
    hardly any votes. So two thirds of them have to be below the lowest median that is accepted.
    """
    votes, bounds = values_of(snapshot.movies, "vote_count", Number), snapshot.history_bounds
    known = [each.votes_median for each in snapshot.history if each.votes_median is not None]
    if not votes or len(known) < bounds.min_collections or snapshot.is_short:
        return None
    now, usual = statistics.median(votes), statistics.median(known)
    sizes = [math.log1p(max(0.0, each)) for each in known]
    lowest = statistics.median(sizes) - tolerance(bounds, math.log(max(1.0, limit)), sizes)
    fell = sum(math.log1p(max(0.0, each)) < lowest for each in votes)
    factor = (1 + usual) / (1 + max(0.0, now))
    sentence = "the median movie has {1:.0f} votes, {2:.0f} in the baseline"
    return finding_if(fell >= 2 / 3 * len(votes), factor, sentence, now, usual)


CHECKS: dict[str, Callable[[ListSnapshot, float], Finding | None]] = {
    "repeated": _repeated,
    "overlap": _overlap,
    "ranks": _ranks,
    "new_films": _new_movies,
    "overviews_unusual": _overviews,
    "votes_unusual": _votes,
    "popularity_scale": _popularity_scale,
    "years_unusual": _years,
}  # fmt: skip
