"""The rules about a list as a whole that need no history.

All but `list_empty` are applied to lists that hold a movie only.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pipeline.catalog import PAGE_SIZE, plan_from
from pipeline.quality.movie_rules import invalid_movies
from pipeline.quality.snapshot import Finding, ListSnapshot, Number, finding_if, values_of

Check = Callable[[ListSnapshot, float], Finding | None]

# The fields that the rows of every list had from 2024 to 2026.
KNOWN_FIELDS = frozenset((
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview",
    "popularity", "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
))  # fmt: skip

# softcore is there since spring 2026, media_type in the trending list.
OPTIONAL_FIELDS = frozenset(("softcore", "media_type"))

# The number of unknown and of vanished fields that are reported for one list.
MAX_FIELDS = 10

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
    expected = max(1, _expected_movies(snapshot))
    movies = len(snapshot.movies) + snapshot.count("below_min_rating")
    share = movies / expected
    return finding_if(share < limit, share, "{1} of {2} movies", movies, expected)


def _short(snapshot: ListSnapshot, _: float) -> Finding | None:
    expected = -(-_expected_movies(snapshot) // PAGE_SIZE)
    pages = snapshot.count("pages_processed")
    return finding_if(pages < expected, pages, "{} of {} pages held movies", expected)


def _duplicates(snapshot: ListSnapshot, _: float) -> Finding | None:
    count = len(snapshot.figures.movie_ids) - len(set(snapshot.figures.movie_ids))
    return finding_if(count > 0, count, "{} duplicate movies")


def _count(key: str, sentence: str) -> Check:
    """Return the function of a rule about a number of `collection_info`."""
    return lambda at, limit: finding_if(at.count(key) > limit, at.count(key), sentence)


def _miscounted(snapshot: ListSnapshot, _: float) -> Finding | None:
    claimed, held = snapshot.info.get("total_collected"), len(snapshot.movies)
    return finding_if(claimed != held, held, "total_collected is {1}, the list holds {0}", claimed)


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
    genre = snapshot.info.get("genre_id")
    rows = values_of(snapshot.movies, "genre_ids", list[int])
    share = sum(genre in row for row in rows) / len(snapshot.movies) if genre else 1.0
    return finding_if(share < limit, share, "only {:.0%} of its movies are of genre {}", genre)


def _valid(snapshot: ListSnapshot, limit: float) -> Finding | None:
    share = (len(snapshot.movies) - len(invalid_movies(snapshot))) / len(snapshot.movies)
    sentence = "only {:.0%} of its movies satisfy every required rule"
    return finding_if(share < limit, share, sentence)


def _fields(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the fields with the known ones and with those of the last collection."""
    here: set[Any] = set().union(*snapshot.movies)
    before = snapshot.history[0].fields.split() if snapshot.history else ()
    drift, parts = [], []
    for kind, finding, fields in (
        ("unknown", "the field is not known", here - KNOWN_FIELDS - OPTIONAL_FIELDS),
        ("vanished", "no movie has the field", KNOWN_FIELDS.union(before) - OPTIONAL_FIELDS - here),
    ):
        shown = sorted(fields)[:MAX_FIELDS]
        parts += [f"{kind}: {', '.join(shown)}"] if shown else []
        drift += [{"kind": f"{kind}_field", "field": each, "finding": finding} for each in shown]
    return Finding(len(drift), "; ".join(parts), drift) if drift else None


LIST_CHECKS: dict[str, Check] = {
    "list_empty": lambda at, _: None if at.movies else Finding(0, "the list holds no movie"),
    "list_size": _size,
    "films_valid": _valid,
    "genre_ignored": _genre_ignored,
    "list_short": _short,
    "list_duplicates": _duplicates,
    "rows_repeated": _count("duplicates_dropped", "{} duplicate rows were dropped"),
    "list_miscounted": _miscounted,
    "order": _order,
    "fields": _fields,
    "list_late": _count("late_by_days", "collected {} day(s) after its date"),
}
