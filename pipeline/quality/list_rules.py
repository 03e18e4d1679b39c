"""The rules about a list as a whole that need no history."""

from __future__ import annotations

from pipeline.catalog import PAGE_SIZE
from pipeline.quality.fields import KNOWN_FIELDS, OPTIONAL_FIELDS, Movie, is_whole, number
from pipeline.quality.movie_rules import invalid_movies
from pipeline.quality.rules import Drift, Finding, ListRule
from pipeline.quality.snapshot import ListSnapshot

MAX_FIELDS = 10
"""The number of unknown and of vanished fields that are reported for one list."""

_SORTED_BY = {"weekly_genre": "popularity", "weekly_top_rated": "vote_average"}
"""The fields by which TMDB promises to sort; the popular and trending lists have no such field."""


def _empty(snapshot: ListSnapshot, _: float) -> Finding | None:
    return None if snapshot.movies else Finding(0, "the list holds no movie")


def _expected_movies(snapshot: ListSnapshot) -> int:
    """Return the number of movies requested; a genre may have fewer, but not suddenly."""
    requested = snapshot.count("pages_requested") * PAGE_SIZE
    if snapshot.info.get("collection_type") != "weekly_genre":
        return requested
    before = len(snapshot.recent[0].movie_ids) if snapshot.recent else 0
    return min(requested, max(snapshot.count("total_results"), before, 1))


def _size(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare the number of movies with the number expected."""
    expected = _expected_movies(snapshot)
    movies = len(snapshot.movies) + snapshot.count("below_min_rating")
    if expected <= 0 or movies >= limit * expected:
        return None
    return Finding(round(movies / expected, 4), f"{movies} of {expected} movies")


def _short(snapshot: ListSnapshot, _: float) -> Finding | None:
    expected = -(-_expected_movies(snapshot) // PAGE_SIZE)
    pages = snapshot.count("pages_processed")
    return Finding(pages, f"{pages} of {expected} pages held movies") if pages < expected else None


def _duplicates(snapshot: ListSnapshot, _: float) -> Finding | None:
    ids = snapshot.figures.movie_ids
    count = len(ids) - len(set(ids))
    return Finding(count, f"{count} duplicate movies") if count else None


def _repeated_rows(snapshot: ListSnapshot, limit: float) -> Finding | None:
    count = snapshot.count("duplicates_dropped")
    return Finding(count, f"{count} duplicate rows were dropped") if count > limit else None


def _miscounted(snapshot: ListSnapshot, _: float) -> Finding | None:
    claimed, held = snapshot.info.get("total_collected"), len(snapshot.movies)
    if claimed == held:
        return None
    return Finding(held, f"total_collected is {claimed}, the list holds {held}")


def _order(snapshot: ListSnapshot, limit: float) -> Finding | None:
    """Compare each movie with the one that is a quarter of the list after it."""
    field = _SORTED_BY.get(str(snapshot.info.get("collection_type")))
    values = [number(movie, field) for movie in snapshot.movies] if field else []
    known = [value for value in values if value is not None]
    step = len(known) // 4
    if len(known) < 4 * snapshot.bounds.min_films:
        return None
    pairs = list(zip(known, known[step:], strict=False))
    ordered = sum(first >= second for first, second in pairs) / len(pairs)
    if ordered >= limit:
        return None
    return Finding(round(ordered, 4), f"only {ordered:.0%} of its movies are in order of {field}")


def _genre_ignored(snapshot: ListSnapshot, limit: float) -> Finding | None:
    genre = snapshot.info.get("genre_id")
    if not is_whole(genre) or not snapshot.movies:
        return None
    share = sum(_has_genre(movie, genre) for movie in snapshot.movies) / len(snapshot.movies)
    if share >= limit:
        return None
    return Finding(round(share, 4), f"only {share:.0%} of its movies are of genre {genre}")


def _has_genre(movie: Movie, genre: int) -> bool:
    genres = movie.get("genre_ids")
    return isinstance(genres, list) and genre in genres


def _valid(snapshot: ListSnapshot, limit: float) -> Finding | None:
    if not snapshot.movies:
        return None
    share = (len(snapshot.movies) - len(invalid_movies(snapshot))) / len(snapshot.movies)
    if share >= limit:
        return None
    return Finding(round(share, 4), f"only {share:.0%} of its movies satisfy every required rule")


def _fields(snapshot: ListSnapshot, _: float) -> Finding | None:
    """Compare the fields with the known ones and with those of the last collection."""
    here = snapshot.figures.fields
    before = snapshot.history[0].fields if snapshot.history else frozenset()
    unknown = sorted(here - KNOWN_FIELDS - OPTIONAL_FIELDS)[:MAX_FIELDS]
    expected = KNOWN_FIELDS | before if snapshot.movies else frozenset()
    vanished = sorted(expected - OPTIONAL_FIELDS - here)[:MAX_FIELDS]
    parts = [f"unknown: {', '.join(unknown)}"] if unknown else []
    parts += [f"vanished: {', '.join(vanished)}"] if vanished else []
    drift = [
        *(Drift("unknown_field", each, "the field is not known") for each in unknown),
        *(Drift("vanished_field", each, "no movie has the field") for each in vanished),
    ]
    return Finding(len(drift), "; ".join(parts), tuple(drift)) if drift else None


def _late(snapshot: ListSnapshot, _: float) -> Finding | None:
    days = snapshot.count("late_by_days")
    if days <= 0:
        return None
    return Finding(days, f"collected {days} day{'s' * (days > 1)} after its date")


LIST_RULES: tuple[ListRule, ...] = (
    ListRule("list_empty", "block", None, "a list holds movies",
             "No other rule can assess an empty list.", _empty),
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
             "A page that was served twice replaces another one.", _repeated_rows),
    ListRule("list_miscounted", "warn", None, "total_collected is the number of movies",
             "The file was changed after it was written.", _miscounted),
    ListRule("order", "warn", 0.7, "a sorted list is in its order",
             "Genres are sorted by popularity, top rated by rating.", _order),
    ListRule("fields", "info", None, "the movies have the known fields",
             "TMDB adds fields unannounced; a vanished field breaks its readers.", _fields),
    ListRule("list_late", "info", None, "a list is collected on its own date",
             "TMDB serves its lists only as they are now.", _late),
)  # fmt: skip
"""Every rule about lists that needs no history."""
