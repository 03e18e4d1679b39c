"""The rules about a list as a whole, by what it holds and states.

An empty list is checked by `list_empty` only. The function of each rule in `CHECKS` is handed the
list and the limit for it, and returns how the list violates the rule.
"""

import datetime
from collections.abc import Callable
from functools import partial
from typing import Any

from pipeline.catalog import PAGE_SIZE, plan_from
from pipeline.quality.movie_rules import invalid_movies
from pipeline.quality.snapshot import (
    Finding,
    ListSnapshot,
    Movie,
    Number,
    converted,
    finding_if,
    values_of,
)

# The fields that all rows had from 2024 to 2026, and those since spring 2026 or of a trending list.
KNOWN_FIELDS = frozenset((
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview",
    "popularity", "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
))  # fmt: skip
OPTIONAL_FIELDS = frozenset(("softcore", "media_type"))

# The age of a movie from which it is expected to have votes.
_MIN_AGE = datetime.timedelta(days=30)

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

    Announced movies have neither ratings nor votes, and neither has a list that never had them.
    """
    votes = [each.votes_median for each in snapshot.history]
    is_new = len(votes) < snapshot.history_bounds.min_collections
    released = [movie for movie in snapshot.movies if _is_released(movie, snapshot.date)]
    judged = {"popularity": snapshot.movies}
    if len(released) >= snapshot.bounds.min_films and (is_new or any(votes)):
        judged |= {"vote_average": released, "vote_count": released}
    zero = {
        field: values_of(movies, field, Number).count(0) / len(movies)
        for field, movies in judged.items()
    }
    share, named = max(zero.values()), [field for field in zero if zero[field] > limit]
    if not named or snapshot.is_short:
        return None
    sentence = f"{share:.0%} of its movies have 0 as {', '.join(named)}"
    return Finding(round(share, 4), sentence, provisional=is_new)


def _is_released(movie: Movie, date: datetime.date) -> bool:
    """Whether a movie was released so long before a date that it can have votes."""
    released = converted(movie.get("release_date"), datetime.date)
    return released is not None and released <= date - _MIN_AGE


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
}  # fmt: skip
