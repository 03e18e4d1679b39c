"""The rules about a list as a whole, alone or compared with its history.

An empty list is checked by `list_empty` only; with no history, every rule about it passes. TMDB's
numbers have no fixed scale, so no figure is compared with a constant: the baseline is the median of
up to 28 earlier collections, and their spread widens what is accepted. The function of each rule in
`CHECKS` is handed the list and the limit for it, and returns how the list violates the rule.
"""

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from pipeline.catalog import PAGE_SIZE, plan_from
from pipeline.quality.baseline import find_level, is_near, tolerance
from pipeline.quality.movie_rules import invalid_movies
from pipeline.quality.snapshot import Finding, ListSnapshot, Number, finding_if, values_of

# The fields that all rows had from 2024 to 2026, and those since spring 2026 or of a trending list.
KNOWN_FIELDS = frozenset((
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview",
    "popularity", "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
))  # fmt: skip
OPTIONAL_FIELDS = frozenset(("softcore", "media_type"))
# The packaged lists by what their documents state; all but genres are longer than anybody requests.
_PACKAGED = {each.collection_type: each for each in plan_from({}).lists}
_SORTED_BY = {kind: each.sorted_by for kind, each in _PACKAGED.items()}
_ENDLESS = {None, *(kind for kind, each in _PACKAGED.items() if not each.genre)}


def _expected_movies(snapshot: ListSnapshot) -> int:
    """Return the number of movies requested; a genre may have fewer, but not suddenly."""
    requested = snapshot.count("pages_requested") * PAGE_SIZE
    if snapshot.info.get("collection_type") in _ENDLESS:
        return requested
    before = len(snapshot.recent[0].movie_ids) if snapshot.recent else 0
    return min(requested, max(snapshot.count("total_results"), before, 1))


def _size(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the number of movies, before those rated too low were left out, with the request."""
    expected = max(1, _expected_movies(snapshot))
    movies = len(snapshot.movies) + snapshot.count("below_min_rating")
    share = movies / expected
    return finding_if(share < limit, share, "{1} of {2} movies", movies, expected)


def _short(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the pages that held movies with those that the expected movies fill."""
    expected = -(-_expected_movies(snapshot) // PAGE_SIZE)
    pages = snapshot.count("pages_processed")
    return finding_if(pages < expected, pages, "{} of {} pages held movies", expected)


def _duplicates(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Count the rows whose id an earlier row has."""
    count = len(snapshot.figures.movie_ids) - len(set(snapshot.figures.movie_ids))
    return finding_if(count > 0, count, "{} duplicate movies")


def _count(key: str, sentence: str, at: ListSnapshot, limit: float) -> Finding | None:
    """Compare a number of `collection_info` with the limit."""
    return finding_if(at.count(key) > limit, at.count(key), sentence)


def _rows_repeated(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the duplicate rows with the limit, which is that of up to 20 pages."""
    allowed = limit * max(1.0, snapshot.count("pages_requested") / 20)
    finding = _count("duplicates_dropped", "{} duplicate rows were dropped", snapshot, allowed)
    return finding and finding._replace(limit=allowed)


def _order(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare each movie with the one that is a quarter of the list after it."""
    field = snapshot.sorted_by or _SORTED_BY.get(str(snapshot.info.get("collection_type")))
    known = values_of(snapshot.movies, field, Number) if field else []
    if len(known) < 4 * snapshot.bounds.min_films:
        return None
    in_order = [a >= b for a, b in zip(known, known[len(known) // 4 :], strict=False)]
    share = sum(in_order) / len(in_order)
    return finding_if(share < limit, share, "only {:.0%} of its movies are in order of {}", field)


def _genre_ignored(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compute the share of movies that are of the genre that the list states, if it states one."""
    genre = snapshot.info.get("genre_id")
    rows = values_of(snapshot.movies, "genre_ids", list[int])
    share = sum(genre in row for row in rows) / len(snapshot.movies) if genre else 1.0
    return finding_if(share < limit, share, "only {:.0%} of its movies are of genre {}", genre)


def _zero(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compute the share of movies whose popularity, rating or number of votes is 0.

    A list that never had votes, as one of announced movies, has no ratings either.
    """
    votes = [each.votes_median for each in snapshot.history]
    is_new = len(votes) < snapshot.history_bounds.min_collections
    fields = ("popularity", "vote_average", "vote_count")
    zero = {
        field: values_of(snapshot.movies, field, Number).count(0) / len(snapshot.movies)
        for field in (fields if is_new or any(votes) else fields[:1])
    }
    share, named = max(zero.values()), [field for field in zero if zero[field] > limit]
    if not named or snapshot.is_short:
        return None
    sentence = f"{share:.0%} of its movies have 0 as {', '.join(named)}"
    return Finding(round(share, 4), sentence, provisional=is_new)


def _valid(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compute the share of movies that satisfy every required rule."""
    invalid, size = len(invalid_movies(snapshot)), len(snapshot.movies)
    share = (size - invalid) / size
    sentence = "only {:.0%} of its movies satisfy every required rule"
    return finding_if(share < limit and invalid > snapshot.bounds.max_invalid, share, sentence)


def _miscounted(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the number of movies with the one that the list states."""
    claimed, held = snapshot.info.get("total_collected"), len(snapshot.movies)
    return finding_if(claimed != held, held, "total_collected is {1}, the list holds {0}", claimed)


def _fields(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the fields with the known ones and with those of the last collection."""
    here: set[Any] = set().union(*snapshot.movies)
    before = snapshot.history[0].fields.split() if snapshot.history else ()
    drift, parts = [], []
    for kind, finding, fields in (
        ("unknown", "the field is not known", here - KNOWN_FIELDS - OPTIONAL_FIELDS),
        ("vanished", "no movie has the field", KNOWN_FIELDS.union(before) - OPTIONAL_FIELDS - here),
    ):
        shown = sorted(fields)[:10]  # more are not worth reading
        parts += [f"{kind}: {', '.join(shown)}"] if shown else []
        drift += [{"kind": f"{kind}_field", "field": each, "finding": finding} for each in shown]
    return Finding(len(drift), "; ".join(parts), drift) if drift else None


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


def _unusual(
    figure: str, direction: int, sentence: str, at: ListSnapshot, limit: float
) -> Finding | None:
    """Compare a figure with its baseline: up, down, or both ways where the direction is 0."""
    now, *values = [getattr(each, figure) for each in (at.figures, *at.history)]
    known = [value for value in values if value is not None]
    if now is None or len(known) < at.history_bounds.min_collections or at.is_short:
        return None
    is_factor, sizes = figure == "votes_median", [now, *known]
    if is_factor:
        sizes, limit = [math.log1p(max(0.0, each)) for each in sizes], math.log(max(1.0, limit))
    difference = sizes[0] - statistics.median(sizes[1:])
    moved = difference * direction or abs(difference)
    found = math.exp(moved) if is_factor else moved
    violates = moved > tolerance(at.history_bounds, limit, sizes[1:])
    return finding_if(violates, found, sentence, now, statistics.median(known))


CHECKS: dict[str, Callable[[ListSnapshot, float], Finding | None]] = {
    "list_empty": lambda at, _: finding_if(not at.movies, 0, "the list holds no movie"),
    "list_size": _size,
    "films_valid": _valid,
    "genre_ignored": _genre_ignored,
    "values_zero": _zero,
    "list_short": _short,
    "list_duplicates": _duplicates,
    "rows_repeated": _rows_repeated,
    "list_miscounted": _miscounted,
    "order": _order,
    "fields": _fields,
    "list_late": partial(_count, "late_by_days", "collected {} day(s) after its date"),
    "repeated": _repeated,
    "overlap": _overlap,
    "ranks": _ranks,
    "new_films": _new_movies,
    "overviews_unusual": partial(_unusual, "overviews_empty", 0,
        "{1:.0%} of the overviews are empty, {2:.0%} in the baseline"),
    "votes_unusual": partial(_unusual, "votes_median", -1,
        "the median movie has {1:.0f} votes, {2:.0f} in the baseline"),
    "popularity_scale": _popularity_scale,
    "years_unusual": _years,
}  # fmt: skip
