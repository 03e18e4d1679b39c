"""The rules about each movie.

A movie that violates a *required* rule is invalid: none of 1,120 recorded ko-KR rows did. Any other
rule costs points of the score and limits the share of violating movies in a list. `TYPES` has the
rules about types; each function in `ACCEPTS` takes the field's value, the movie, and its list.
"""

import datetime
import statistics
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta
from msgspec.structs import replace

from pipeline.quality.baseline import tolerance
from pipeline.quality.language import is_other_language
from pipeline.quality.rules import MOVIE_RULES, REQUIRED, Rule
from pipeline.quality.snapshot import (
    Baseline,
    Finding,
    ListSnapshot,
    Movie,
    Number,
    Text,
    column,
    converted,
    values_of,
)


def violations(rule: Rule, snapshot: ListSnapshot) -> list[int]:
    """Return the positions of the movies that violate a rule, found once per list."""
    if rule.id not in snapshot.violations:
        movies = snapshot.movies
        if expected := TYPES.get(rule.id):
            good = [value is not None for value in column(movies, rule.field, expected)]
        else:
            good = [ACCEPTS[rule.id](movie.get(rule.field), movie, snapshot) for movie in movies]
        snapshot.violations[rule.id] = [at for at, is_good in enumerate(good) if not is_good]
    return snapshot.violations[rule.id]


def invalid_movies(snapshot: ListSnapshot) -> set[int]:
    """Return the positions of the movies that violate a required rule."""
    required = (rule for rule in MOVIE_RULES if rule.points == REQUIRED)
    return {position for rule in required for position in violations(rule, snapshot)}


def scores(snapshot: ListSnapshot) -> Counter[int]:
    """Count the movies by their score, from 0 to 100."""
    points = [0] * len(snapshot.movies)
    for rule in MOVIE_RULES:
        for position in violations(rule, snapshot):
            points[position] += rule.points
    return Counter(max(0, 100 - lost) for lost in points)


def profile_of(snapshot: ListSnapshot) -> Baseline:
    """Return a list in figures, as its report keeps it for later collections."""
    shares = {
        rule.id: round(len(violations(rule, snapshot)) / max(1, _size(rule, snapshot)), 4)
        for rule in MOVIE_RULES
        if rule.margin is not None
    }
    return replace(snapshot.figures, shares=shares)


def check_movies(
    rule: Rule, snapshot: ListSnapshot, limit: float, margin: float | None
) -> Finding | None:
    """Compare the share of violating movies with the limit, or with that of the baseline.

    Few movies have no useful share. A rule about texts takes some that violate it, and a required
    rule more than one, because a single placeholder is no bad list.
    """
    count, size = len(violations(rule, snapshot)), _size(rule, snapshot)
    earlier = [share for each in snapshot.history if (share := each.share(rule.id)) is not None]
    first_days = len(earlier) < snapshot.history_bounds.min_collections
    sentence = f"{count} of {size} {rule.among}"
    if margin is not None and first_days:
        sentence += ", and no baseline yet"
    elif margin is not None:
        limit = statistics.median(earlier)
        sentence += f", {limit:.0%} in the baseline"
        limit = round(limit + tolerance(snapshot.history_bounds, margin, earlier), 4)
    is_few = rule.among == "texts" and count < snapshot.bounds.min_texts
    is_few |= rule.points == REQUIRED and count <= snapshot.bounds.max_invalid
    if count <= limit * size or is_few or (snapshot.is_short and limit > 0):
        return None
    share, first_days = round(count / size, 4), first_days and margin is not None
    severity = rule.without_baseline if first_days else ""
    return Finding(share, sentence, (), limit, severity, first_days and rule.provisional)


def _size(rule: Rule, snapshot: ListSnapshot) -> int:
    """Return how many movies can violate a rule: all, or those with an overview."""
    if rule.among == "movies":
        return len(snapshot.movies)
    return len(values_of(snapshot.movies, rule.field, Text))


def _is_dated(value: Any, at: ListSnapshot, first_year: int, years_ahead: int) -> bool:
    """Whether a date is between the first year and so many years ahead, or no date at all."""
    date = converted(value, datetime.date)
    last = at.date + years_ahead * datetime.timedelta(days=366)  # the longest year
    return date is None or (date.year >= first_year and date <= last)


TYPES: dict[str, Any] = {
    "id": Annotated[int, Meta(ge=1)],
    "title": Text,
    "original_title": Text,
    "original_language": Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")],
    "overview_type": str,
    "genre_ids": list[int],
    "vote_average": Annotated[float, Meta(ge=0, le=10)],
    "vote_count": Annotated[int, Meta(ge=0)],
    "popularity": Annotated[float, Meta(ge=0, le=1e300)],
}

ACCEPTS: dict[str, Callable[[Any, Movie, ListSnapshot], bool]] = {
    "flags": lambda adult, movie, _: type(adult) is type(movie.get("video")) is bool,
    "image_paths": lambda poster, movie, _: all(
        isinstance(path, str | None) for path in (poster, movie.get("backdrop_path"))),
    "release_date_form": lambda date, *_: (
        date in (None, "") or converted(date, datetime.date) is not None),
    "release_date_range": lambda date, _, at: _is_dated(
        date, at, at.bounds.first_year, at.bounds.max_years_announced),
    "rated_without_votes": lambda rating, movie, _: movie.get("vote_count") != 0 or rating == 0,
    "adult": lambda adult, *_: adult is not True,
    "overview_language": lambda overview, _, at: not is_other_language(
        converted(overview, Text) or "", str(at.info.get("language"))[:2]),
    "overview_missing": lambda overview, *_: overview != "",
    "release_date_missing": lambda date, *_: date not in (None, ""),
    "genres_missing": lambda genres, *_: genres != [],
    "poster_missing": lambda poster, *_: poster is not None,
    "release_far_ahead": lambda date, _, at: _is_dated(date, at, 1, at.bounds.max_years_ahead),
    "backdrop_missing": lambda backdrop, *_: backdrop is not None,
    "no_votes": lambda votes, *_: votes != 0,
    "votes_few": lambda votes, _, at: (
        (count := converted(votes, Number)) is None or count >= at.bounds.min_votes),
}  # fmt: skip
