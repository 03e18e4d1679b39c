"""The rules about each movie.

A movie that violates a *required* rule is invalid: none of 1,120 recorded ko-KR rows did. Any other
rule costs points of the score and limits the share of violating movies in a list.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta

from pipeline.quality.fields import Movie, Number, Text, converted
from pipeline.quality.language import is_other_language
from pipeline.quality.rules import REQUIRED, ListSnapshot, MovieRule

_LONGEST_YEAR = datetime.timedelta(days=366)


def invalid_movies(snapshot: ListSnapshot) -> set[int]:
    """Return the positions of the movies that violate a required rule."""
    required = (rule for rule in MOVIE_RULES if rule.points == REQUIRED)
    return {position for rule in required for position in rule.violations(snapshot)}


def scores(snapshot: ListSnapshot) -> Counter[int]:
    """Count the movies by their score, from 0 to 100."""
    points = [0] * len(snapshot.movies)
    for rule in MOVIE_RULES:
        for position in rule.violations(snapshot):
            points[position] += rule.points
    return Counter(max(0, 100 - lost) for lost in points)


def _is_given(date: Any) -> bool:
    return date not in (None, "")


def _is_path(value: Any) -> bool:
    return value is None or isinstance(value, str)


def _is_dated(value: Any, at: ListSnapshot, first_year: int, years_ahead: int) -> bool:
    date = converted(value, datetime.date)
    last = at.date + years_ahead * _LONGEST_YEAR
    return date is None or (date.year >= first_year and date <= last)


def _is_in_language(overview: Any, _: Movie, at: ListSnapshot) -> bool:
    text, language = converted(overview, Text), str(at.info.get("language"))
    return text is None or not is_other_language(text, language[:2])


def _has_enough_votes(value: Any, _: Movie, at: ListSnapshot) -> bool:
    count = converted(value, Number)
    return count is None or count >= at.bounds.min_votes


def _of_type(expected: Any) -> Callable[..., bool]:
    """Return the function of a rule about the type of its field."""
    return lambda value, *_: converted(value, expected) is not None


MOVIE_RULES: tuple[MovieRule, ...] = (
    MovieRule("id", "id", "id is a whole number above 0", "It is the only unique key.",
              _of_type(Annotated[int, Meta(ge=1)])),
    MovieRule("title", "title", "title is text and not empty",
              "TMDB falls back to the original title where there is no translation.",
              _of_type(Text)),
    MovieRule("original_title", "original_title", "original_title is text and not empty",
              "Every recorded row has one.", _of_type(Text)),
    MovieRule("original_language", "original_language",
              "original_language is a code of two letters", "Every recorded row has one.",
              _of_type(Annotated[str, Meta(pattern=r"^[a-z]{2}\Z")])),
    MovieRule("overview_type", "overview", "overview is text",
              "Empty is normal, null was never seen.", _of_type(str)),
    MovieRule("genre_ids", "genre_ids", "genre_ids is a list of whole numbers", "Empty is normal.",
              _of_type(list[int])),
    MovieRule("vote_average", "vote_average", "vote_average is a number from 0 to 10",
              "TMDB's scale.", _of_type(Annotated[float, Meta(ge=0, le=10)])),
    MovieRule("vote_count", "vote_count", "vote_count is a whole number, not negative",
              "It is a count.", _of_type(Annotated[int, Meta(ge=0)])),
    MovieRule("popularity", "popularity", "popularity is a number, not negative",
              "It has no upper end and no fixed scale.",
              _of_type(Annotated[float, Meta(ge=0, le=1e300)])),
    MovieRule("flags", "adult", "adult and video are true or false", "Every recorded row has both.",
              lambda adult, movie, _: type(adult) is type(movie.get("video")) is bool),
    MovieRule("image_paths", "poster_path", "poster_path and backdrop_path are text or null",
              "The pages build URLs from them.",
              lambda poster, movie, _: _is_path(poster) and _is_path(movie.get("backdrop_path"))),
    MovieRule("release_date_form", "release_date",
              "release_date, where given, is a real YYYY-MM-DD",
              "A missing key, null and an empty text all mean that the date is unknown.",
              lambda date, *_: not _is_given(date) or converted(date, datetime.date) is not None),
    MovieRule("release_date_range", "release_date",
              "release_date is from first_year to max_years_announced years ahead",
              "From the oldest movie that TMDB has to later than any announcement.",
              lambda value, _, at: _is_dated(
                  value, at, at.bounds.first_year, at.bounds.max_years_announced)),
    MovieRule("rated_without_votes", "vote_average", "a movie without votes has no rating",
              "One of the two numbers is wrong.",
              lambda rating, movie, _: movie.get("vote_count") != 0 or rating == 0,
              points=20, severity="info", limit=0.1),
    MovieRule("adult", "adult", "the movie is not marked as adult",
              "No list requests such movies; the pages do not show their posters.",
              lambda value, *_: value is not True, points=20),
    MovieRule("overview_language", "overview", "the overview is in the requested language",
              "TMDB serves an empty text rather than another language; a whole list in another one "
              "means that it ignored the parameter.",
              _is_in_language, points=20, severity="block", limit=0.35),
    MovieRule("overview_missing", "overview", "overview is not empty",
              "28 % are empty on normal days in Korean, 80 to 90 % were in March 2025.",
              lambda value, *_: value != "", points=15, severity="block", limit=0.65),
    MovieRule("release_date_missing", "release_date", "release_date is given",
              "Some movies have none; a list of such movies is junk.",
              lambda value, *_: _is_given(value), points=15, limit=0.2),
    MovieRule("genres_missing", "genre_ids", "genre_ids is not empty",
              "Some movies have none; a list of such movies is junk.",
              lambda value, *_: value != [], points=15, limit=0.2),
    MovieRule("poster_missing", "poster_path", "poster_path is given",
              "0.4 % have none on normal days; the movies of March 2025 had none.",
              lambda value, *_: value is not None, points=10, limit=0.2),
    MovieRule("release_far_ahead", "release_date",
              "the movie is released within max_years_ahead years",
              "Some movies are announced; a list of them is junk.",
              lambda value, _, at: _is_dated(value, at, 1, at.bounds.max_years_ahead),
              points=10, limit=0.1),
    MovieRule("backdrop_missing", "backdrop_path", "backdrop_path is given",
              "2.8 % have none on normal days.",
              lambda value, *_: value is not None, points=5, severity="info", limit=0.3),
    MovieRule("no_votes", "vote_count", "the movie has votes",
              "Unreleased movies have no votes, but they are never half of a list.",
              lambda value, *_: value != 0, points=5, limit=0.5),
    MovieRule("votes_few", "vote_count", "the movie has at least min_votes votes",
              "The movies of March 2025 had 0 to 2. It costs no points: new movies have few.",
              _has_enough_votes, points=0, severity="block", limit=0.6),
)  # fmt: skip
