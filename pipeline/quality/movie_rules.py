"""The rules about each movie.

A movie that violates a *required* rule is invalid: none of 1,120 recorded ko-KR rows did. Any other
rule costs points of the score and limits the share of violating movies in a list.
"""

from __future__ import annotations

import datetime
import string
from collections.abc import Callable
from typing import Any

from pipeline.quality import fields
from pipeline.quality.fields import Movie, has_date, has_overview, is_number, is_text, is_whole
from pipeline.quality.language import is_other_language
from pipeline.quality.rules import REQUIRED, MovieRule
from pipeline.quality.snapshot import ListSnapshot, RequestContext

_WHOLE = frozenset((int,))
_LETTERS = frozenset(string.ascii_lowercase)
_MAX_YEAR = datetime.timedelta(days=366)
"""The length of the longest year."""


def invalid_movies(snapshot: ListSnapshot) -> set[int]:
    """Return the positions of the movies that violate a required rule."""
    required = (rule for rule in MOVIE_RULES if rule.required)
    return {position for rule in required for position in rule.violations(snapshot)}


def scores(snapshot: ListSnapshot) -> list[int]:
    """Return the score of each movie, 0 to 100, in the list's order."""
    found = [100] * len(snapshot.movies)
    for rule in MOVIE_RULES:
        for position in rule.violations(snapshot):
            found[position] -= rule.points
    return [max(0, score) for score in found]


def _has_plausible_date(movie: Movie, context: RequestContext) -> bool:
    date = fields.release_date(movie)
    if date is None:
        return True
    last = context.date + context.bounds.max_years_announced * _MAX_YEAR
    return context.bounds.first_year <= date.year and date <= last


def _is_not_far_ahead(movie: Movie, context: RequestContext) -> bool:
    date = fields.release_date(movie)
    return date is None or date <= context.date + context.bounds.max_years_ahead * _MAX_YEAR


def _is_in_language(movie: Movie, context: RequestContext) -> bool:
    return not has_overview(movie) or not is_other_language(movie["overview"], context.language)


def _has_votes(movie: Movie, context: RequestContext) -> bool:
    count = movie.get("vote_count")
    return not is_number(count) or count >= context.bounds.min_votes


def _is_genre_list(value: Any) -> bool:
    return isinstance(value, list) and _WHOLE.issuperset(map(type, value))


def _is_path_or_null(movie: Movie, field: str) -> bool:
    value = movie.get(field)
    return value is None or isinstance(value, str)


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and _LETTERS.issuperset(value)


def _required(
    rule_id: str, field: str, description: str, why: str, is_satisfied: Callable[[Movie], bool]
) -> MovieRule:
    """Return a required rule that depends on the movie alone."""
    return MovieRule(
        rule_id, REQUIRED, "warn", 0.0, field, description, why, lambda m, _: is_satisfied(m)
    )


MOVIE_RULES: tuple[MovieRule, ...] = (
    _required("id", "id", "id is a whole number above 0",
              "It is the only unique key.",
              lambda movie: is_whole(movie.get("id")) and movie["id"] > 0),
    _required("title", "title", "title is text and not empty",
              "TMDB falls back to the original title where there is no translation.",
              lambda movie: is_text(movie.get("title"))),
    _required("original_title", "original_title", "original_title is text and not empty",
              "Every recorded row has one.",
              lambda movie: is_text(movie.get("original_title"))),
    _required("original_language", "original_language",
              "original_language is a code of two letters", "Every recorded row has one.",
              lambda movie: _is_code(movie.get("original_language"))),
    _required("overview_type", "overview", "overview is text",
              "Empty is normal, null was never seen.",
              lambda movie: isinstance(movie.get("overview"), str)),
    _required("genre_ids", "genre_ids", "genre_ids is a list of whole numbers",
              "Empty is normal.",
              lambda movie: _is_genre_list(movie.get("genre_ids"))),
    _required("vote_average", "vote_average", "vote_average is a number from 0 to 10",
              "TMDB's scale.",
              lambda movie: is_number(movie.get("vote_average"))
              and 0 <= movie["vote_average"] <= 10),
    _required("vote_count", "vote_count", "vote_count is a whole number, not negative",
              "It is a count.",
              lambda movie: is_whole(movie.get("vote_count")) and movie["vote_count"] >= 0),
    _required("popularity", "popularity", "popularity is a number, not negative",
              "It has no upper end and no fixed scale.",
              lambda movie: is_number(movie.get("popularity")) and movie["popularity"] >= 0),
    _required("flags", "adult", "adult and video are true or false",
              "Every recorded row has both.",
              lambda movie: type(movie.get("adult")) is type(movie.get("video")) is bool),
    _required("image_paths", "poster_path", "poster_path and backdrop_path are text or null",
              "The pages build URLs from them.",
              lambda movie: _is_path_or_null(movie, "poster_path")
              and _is_path_or_null(movie, "backdrop_path")),
    _required("release_date_form", "release_date",
              "release_date, where given, is a real YYYY-MM-DD",
              "A missing key, null and an empty text all mean that the date is unknown.",
              lambda movie: not has_date(movie) or fields.release_date(movie) is not None),
    MovieRule("release_date_range", REQUIRED, "warn", 0.0, "release_date",
              "release_date is from {first_year} to {max_years_announced} years ahead",
              "From the oldest movie that TMDB has to later than any announcement.",
              _has_plausible_date),
    MovieRule("rated_without_votes", 20, "info", 0.1, "vote_average",
              "a movie without votes has no rating", "One of the two numbers is wrong.",
              lambda movie, _: movie.get("vote_count") != 0 or movie.get("vote_average") == 0),
    MovieRule("adult", 20, "warn", 0.0, "adult", "the movie is not marked as adult",
              "No list requests such movies; the pages do not show their posters.",
              lambda movie, _: movie.get("adult") is not True),
    MovieRule("overview_language", 20, "block", 0.35, "overview",
              "the overview is in the requested language",
              "TMDB serves an empty text rather than another language; a whole list in another one "
              "means that it ignored the parameter.",
              _is_in_language),
    MovieRule("overview_missing", 15, "block", 0.65, "overview", "overview is not empty",
              "28 % are empty on normal days in Korean, 80 to 90 % were in March 2025.",
              lambda movie, _: movie.get("overview") != ""),
    MovieRule("release_date_missing", 15, "warn", 0.2, "release_date", "release_date is given",
              "Some movies have none; a list of such movies is junk.",
              lambda movie, _: has_date(movie)),
    MovieRule("genres_missing", 15, "warn", 0.2, "genre_ids", "genre_ids is not empty",
              "Some movies have none; a list of such movies is junk.",
              lambda movie, _: movie.get("genre_ids") != []),
    MovieRule("poster_missing", 10, "warn", 0.2, "poster_path", "poster_path is given",
              "0.4 % have none on normal days; the movies of March 2025 had none.",
              lambda movie, _: movie.get("poster_path") is not None),
    MovieRule("release_far_ahead", 10, "warn", 0.1, "release_date",
              "the movie is released within {max_years_ahead} years",
              "Some movies are announced; a list of them is junk.",
              _is_not_far_ahead),
    MovieRule("backdrop_missing", 5, "info", 0.3, "backdrop_path", "backdrop_path is given",
              "2.8 % have none on normal days.",
              lambda movie, _: movie.get("backdrop_path") is not None),
    MovieRule("no_votes", 5, "warn", 0.5, "vote_count", "the movie has votes",
              "Unreleased movies have no votes, but they are never half of a list.",
              lambda movie, _: movie.get("vote_count") != 0),
    MovieRule("votes_few", 0, "block", 0.6, "vote_count",
              "the movie has at least {min_votes} votes",
              "The movies of March 2025 had 0 to 2. It costs no points: new movies have few.",
              _has_votes),
)  # fmt: skip
"""Every rule about movies, required ones first."""
