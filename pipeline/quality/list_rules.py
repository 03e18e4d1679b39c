"""The rules about a list as a whole that need no history.

All but `list_empty` are applied to lists that hold a movie only.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from pipeline.catalog import PAGE_SIZE, plan_from
from pipeline.quality.fields import Number, values_of
from pipeline.quality.movie_rules import invalid_movies
from pipeline.quality.rules import Finding, ListRule, ListSnapshot, find_above, find_below

# The fields that the rows of every list had from 2024 to 2026.
KNOWN_FIELDS = frozenset((
    "adult", "backdrop_path", "genre_ids", "id", "original_language", "original_title", "overview",
    "popularity", "poster_path", "release_date", "title", "video", "vote_average", "vote_count",
))  # fmt: skip

# Fields that a list may have: softcore since spring 2026, media_type in the trending list.
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
    return find_below(limit, movies / expected, f"{movies} of {expected} movies")


def _short(snapshot: ListSnapshot, _: float) -> Finding | None:
    expected = -(-_expected_movies(snapshot) // PAGE_SIZE)
    pages = snapshot.count("pages_processed")
    return find_below(expected, pages, f"{pages} of {expected} pages held movies")


def _duplicates(snapshot: ListSnapshot, _: float) -> Finding | None:
    ids = snapshot.figures.movie_ids
    count = len(ids) - len(set(ids))
    return find_above(0, count, f"{count} duplicate movies")


def _count(snapshot: ListSnapshot, limit: float, *, key: str, sentence: str) -> Finding | None:
    count = snapshot.count(key)
    return find_above(limit, count, sentence.format(count))


def _miscounted(snapshot: ListSnapshot, _: float) -> Finding | None:
    claimed, held = snapshot.info.get("total_collected"), len(snapshot.movies)
    sentence = f"total_collected is {claimed}, the list holds {held}"
    return None if claimed == held else Finding(held, sentence)


def _order(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare each movie with the one that is a quarter of the list after it."""
    field = snapshot.sorted_by or _SORTED_BY.get(str(snapshot.info.get("collection_type")))
    known = values_of(snapshot.movies, field, Number) if field else []
    if len(known) < 4 * snapshot.bounds.min_films:
        return None
    pairs = list(zip(known, known[len(known) // 4 :], strict=False))
    share = sum(first >= second for first, second in pairs) / len(pairs)
    return find_below(limit, share, f"only {share:.0%} of its movies are in order of {field}")


def _genre_ignored(snapshot: ListSnapshot, limit: float) -> Finding | None:
    genre = snapshot.info.get("genre_id")
    rows = values_of(snapshot.movies, "genre_ids", list[int])
    share = sum(genre in row for row in rows) / len(snapshot.movies) if genre else 1.0
    return find_below(limit, share, f"only {share:.0%} of its movies are of genre {genre}")


def _valid(snapshot: ListSnapshot, limit: float) -> Finding | None:
    size = len(snapshot.movies)
    share = (size - len(invalid_movies(snapshot))) / size
    return find_below(limit, share, f"only {share:.0%} of its movies satisfy every required rule")


def _fields(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the fields with the known ones and with those of the last collection."""
    here: set[Any] = set().union(*snapshot.movies)
    before = snapshot.history[0].fields.split() if snapshot.history else ()
    unknown = sorted(here - KNOWN_FIELDS - OPTIONAL_FIELDS)[:MAX_FIELDS]
    vanished = sorted(KNOWN_FIELDS.union(before) - OPTIONAL_FIELDS - here)[:MAX_FIELDS]
    drift = [
        {"kind": "unknown_field", "field": each, "finding": "the field is not known"}
        for each in unknown
    ]
    drift += [
        {"kind": "vanished_field", "field": each, "finding": "no movie has the field"}
        for each in vanished
    ]
    parts = [f"unknown: {', '.join(unknown)}"] if unknown else []
    parts += [f"vanished: {', '.join(vanished)}"] if vanished else []
    return Finding(len(drift), "; ".join(parts), drift) if drift else None


LIST_RULES: tuple[ListRule, ...] = (
    ListRule("list_empty", "block", None, "a list holds movies",
             "No other rule can assess an empty list.",
             lambda at, _: None if at.movies else Finding(0, "the list holds no movie")),
    ListRule("list_size", "block", 0.8, "a list holds the requested number of movies",
             "A truncated list looks like one that movies have left.", _size),
    ListRule("films_valid", "block", 0.8, "the movies of a list satisfy every required rule",
             "The pipeline that this one replaces failed a day below four in five.", _valid),
    ListRule("genre_ignored", "block", 0.95, "the movies of a genre list are of that genre",
             "TMDB ignores a parameter that it does not understand.", _genre_ignored),
    ListRule("list_short", "warn", None, "every requested page held movies",
             "Empty pages cut off the end of a list; an empty page before the end is refused at "
             "once.", _short),
    ListRule("list_duplicates", "warn", None, "a list holds each movie once",
             "Collecting drops duplicate rows, so somebody changed the file.", _duplicates),
    ListRule("rows_repeated", "warn", 19, "fewer duplicate rows were dropped than a page holds",
             "A page that was served twice replaces another one.",
             partial(_count, key="duplicates_dropped", sentence="{} duplicate rows were dropped")),
    ListRule("list_miscounted", "warn", None, "total_collected is the number of movies",
             "The file was changed after it was written.", _miscounted),
    ListRule("order", "warn", 0.7, "a sorted list is in its order",
             "Genres are sorted by popularity, top rated by rating.", _order),
    ListRule("fields", "info", None, "the movies have the known fields",
             "TMDB adds fields unannounced; a vanished field breaks its readers.", _fields),
    ListRule("list_late", "info", None, "a list is collected on its own date",
             "TMDB serves its lists only as they are now.",
             partial(_count, key="late_by_days", sentence="collected {} day(s) after its date")),
)  # fmt: skip
