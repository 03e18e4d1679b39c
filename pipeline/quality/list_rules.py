"""What a list must be as a whole, whatever the days before were like."""

from __future__ import annotations

from pipeline.catalog import PAGE_SIZE
from pipeline.documents.collect import Film
from pipeline.quality.drift import fields_of
from pipeline.quality.fields import is_whole, number
from pipeline.quality.snapshot import Finding, Listing, ListRule

_SORTED_BY = {"weekly_genre": "popularity", "weekly_top_rated": "vote_average"}
"""Where TMDB promises an order; the popular list and the trend have one of their own."""


def _empty(listing: Listing, _: float) -> Finding | None:
    return None if listing.movies else Finding(0, "it holds no film")


def _films_to_expect(listing: Listing) -> int:
    """Return what was asked for. A genre may honestly have fewer films, but not suddenly."""
    asked = listing.count("pages_requested") * PAGE_SIZE
    if listing.info.get("collection_type") != "weekly_genre":
        return asked
    before = len(listing.recent[0].films) if listing.recent else 0
    return min(asked, max(listing.count("total_results"), before, 1))


def _size(listing: Listing, limit: float) -> Finding | None:
    """Compare what is there with what can be there."""
    asked = _films_to_expect(listing)
    films = len(listing.movies) + listing.count("below_min_rating")
    if asked <= 0 or films >= limit * asked:
        return None
    return Finding(round(films / asked, 4), f"{films} of {asked} films are there")


def _short(listing: Listing, _: float) -> Finding | None:
    asked, came = -(-_films_to_expect(listing) // PAGE_SIZE), listing.count("pages_processed")
    return Finding(came, f"{came} of {asked} pages held films") if came < asked else None


def _duplicates(listing: Listing, _: float) -> Finding | None:
    ids = [film["id"] for film in listing.movies if is_whole(film.get("id"))]
    count = len(ids) - len(set(ids))
    return Finding(count, f"{count} films stand there twice") if count else None


def _repeated_rows(listing: Listing, limit: float) -> Finding | None:
    count = listing.count("duplicates_dropped")
    return Finding(count, f"{count} rows came twice") if count > limit else None


def _miscounted(listing: Listing, _: float) -> Finding | None:
    claimed, held = listing.info.get("total_collected"), len(listing.movies)
    if claimed == held:
        return None
    return Finding(held, f"total_collected says {claimed}, it holds {held}")


def _order(listing: Listing, limit: float) -> Finding | None:
    """Compare each film with the one a quarter of the list behind it."""
    field = _SORTED_BY.get(str(listing.info.get("collection_type")))
    values = [number(film, field) for film in listing.movies] if field else []
    known = [value for value in values if value is not None]
    step = len(known) // 4
    if len(known) < 4 * listing.bounds.min_films:
        return None
    pairs = list(zip(known, known[step:], strict=False))
    ordered = sum(before >= after for before, after in pairs) / len(pairs)
    if ordered >= limit:
        return None
    return Finding(round(ordered, 4), f"only {ordered:.0%} of its films stand in order of {field}")


def _genre_ignored(listing: Listing, limit: float) -> Finding | None:
    genre = listing.info.get("genre_id")
    if not is_whole(genre) or not listing.movies:
        return None
    bearing = sum(_bears(film, genre) for film in listing.movies) / len(listing.movies)
    if bearing >= limit:
        return None
    return Finding(round(bearing, 4), f"only {bearing:.0%} of its films are of genre {genre}")


def _bears(film: Film, genre: int) -> bool:
    genres = film.get("genre_ids")
    return isinstance(genres, list) and genre in genres


def _valid(listing: Listing, limit: float) -> Finding | None:
    if not listing.movies:
        return None
    share = (len(listing.movies) - len(listing.failed)) / len(listing.movies)
    if share >= limit:
        return None
    return Finding(round(share, 4), f"only {share:.0%} of its films break no required rule")


def _fields(listing: Listing, _: float) -> Finding | None:
    unknown, vanished = fields_of(listing)
    told = [f"new: {', '.join(unknown)}"] if unknown else []
    told += [f"gone: {', '.join(vanished)}"] if vanished else []
    return Finding(len(unknown) + len(vanished), "; ".join(told)) if told else None


def lateness(listing: Listing) -> Finding | None:
    """Tell by how many days a list was collected after its own."""
    days = listing.count("late_by_days")
    if days <= 0:
        return None
    return Finding(days, f"collected {days} day{'s' * (days > 1)} after its date")


LIST_RULES: tuple[ListRule, ...] = (
    ListRule("list_empty", "block", "a list holds films", "Nothing can be said of nothing.",
             _empty, has_limit=False),
    ListRule("list_size", "block", "a list holds what was asked for",
             "A truncated list looks like one from which films have gone.", _size),
    ListRule("films_valid", "block", "the films of a list break no required rule",
             "Below four in five the set-up that this one replaces failed the day.", _valid),
    ListRule("genre_ignored", "block", "the films of a genre's list are of that genre",
             "TMDB answers a parameter that it does not understand as if it were not there.",
             _genre_ignored),
    ListRule("list_short", "warn", "every page asked for held films",
             "Pages that came empty leave the end of a list out; one amid it is refused at once.",
             _short, has_limit=False),
    ListRule("list_duplicates", "warn", "a film stands once in a list",
             "The collection drops repeated rows, so the file was changed.", _duplicates,
             has_limit=False),
    ListRule("rows_repeated", "warn", "fewer rows came twice than a page holds",
             "A page that came twice stands in the place of another one.", _repeated_rows),
    ListRule("list_miscounted", "warn", "total_collected is the number of films",
             "The file was changed after it was written.", _miscounted, has_limit=False),
    ListRule("order", "warn", "a sorted list is in its order",
             "Genres come by popularity, top rated by rating.", _order),
    ListRule("fields", "info", "the films have the fields that are known",
             "TMDB adds fields unannounced; a field that vanishes breaks who reads it.", _fields,
             has_limit=False),
    ListRule("list_late", "info", "a list is collected on its own day",
             "TMDB serves its lists only as they are now.", lambda listing, _: lateness(listing),
             has_limit=False),
)  # fmt: skip
"""Every rule of lists by themselves."""
