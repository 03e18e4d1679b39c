"""What a film must be. Up to which share of a list a gap is normal stands in config/quality.toml.

A film passes when every *required* rule holds for it: of 1,120 genuine ko-KR rows none broke one.
All others cost points of its score, and count for the list as a whole.
"""

from __future__ import annotations

import datetime
import string
from typing import Any

from pipeline.documents.collect import Film
from pipeline.quality.fields import has_date, has_overview, is_number, is_text, is_whole
from pipeline.quality.fields import release_date as release_date_of
from pipeline.quality.language import is_other_language
from pipeline.quality.rules import REQUIRED, Asked, FilmRule

_WHOLE = frozenset((int,))
_LETTERS = frozenset(string.ascii_lowercase)
_LONGEST_YEAR = datetime.timedelta(days=366)


def _plausible_date(film: Film, asked: Asked) -> bool:
    date = release_date_of(film)
    if date is None:
        return True
    last = asked.date + asked.bounds.max_years_announced * _LONGEST_YEAR
    return asked.bounds.first_year <= date.year and date <= last


def _not_far_ahead(film: Film, asked: Asked) -> bool:
    date = release_date_of(film)
    return date is None or date <= asked.date + asked.bounds.max_years_ahead * _LONGEST_YEAR


def _in_language(film: Film, asked: Asked) -> bool:
    return not has_overview(film) or not is_other_language(film["overview"], asked.language)


def _has_votes(film: Film, asked: Asked) -> bool:
    count = film.get("vote_count")
    return not is_number(count) or count >= asked.bounds.min_votes


def _is_genre_list(value: Any) -> bool:
    return isinstance(value, list) and _WHOLE.issuperset(map(type, value))


def _is_path_or_null(film: Film, field: str) -> bool:
    value = film.get(field)
    return value is None or isinstance(value, str)


def _is_code(value: Any) -> bool:
    return isinstance(value, str) and len(value) == 2 and _LETTERS.issuperset(value)


FILM_RULES: tuple[FilmRule, ...] = (
    FilmRule("id", REQUIRED, "warn", "id", "id is a whole number above 0",
             "Everything is told apart by it.",
             lambda film, _: is_whole(film.get("id")) and film["id"] > 0),
    FilmRule("title", REQUIRED, "warn", "title", "title is text and not empty",
             "TMDB falls back to the original title where there is no translation.",
             lambda film, _: is_text(film.get("title"))),
    FilmRule("original_title", REQUIRED, "warn", "original_title",
             "original_title is text and not empty", "Every genuine row has one.",
             lambda film, _: is_text(film.get("original_title"))),
    FilmRule("original_language", REQUIRED, "warn", "original_language",
             "original_language is a code of two letters", "Every genuine row has one.",
             lambda film, _: _is_code(film.get("original_language"))),
    FilmRule("overview_type", REQUIRED, "warn", "overview", "overview is text",
             "Empty is normal, null was never seen.",
             lambda film, _: isinstance(film.get("overview"), str)),
    FilmRule("genre_ids", REQUIRED, "warn", "genre_ids", "genre_ids is a list of whole numbers",
             "Empty is normal.",
             lambda film, _: _is_genre_list(film.get("genre_ids"))),
    FilmRule("vote_average", REQUIRED, "warn", "vote_average",
             "vote_average is a number from 0 to 10", "TMDB's scale.",
             lambda film, _: is_number(film.get("vote_average"))
             and 0 <= film["vote_average"] <= 10),
    FilmRule("vote_count", REQUIRED, "warn", "vote_count",
             "vote_count is a whole number, not negative", "A count.",
             lambda film, _: is_whole(film.get("vote_count")) and film["vote_count"] >= 0),
    FilmRule("popularity", REQUIRED, "warn", "popularity",
             "popularity is a number, not negative", "It has no upper end and no fixed scale.",
             lambda film, _: is_number(film.get("popularity")) and film["popularity"] >= 0),
    FilmRule("flags", REQUIRED, "warn", "adult", "adult and video are true or false",
             "Every genuine row has both.",
             lambda film, _: type(film.get("adult")) is type(film.get("video")) is bool),
    FilmRule("image_paths", REQUIRED, "warn", "poster_path",
             "poster_path and backdrop_path are text or null", "They become addresses.",
             lambda film, _: _is_path_or_null(film, "poster_path")
             and _is_path_or_null(film, "backdrop_path")),
    FilmRule("release_date_form", REQUIRED, "warn", "release_date",
             "release_date, where given, is a real YYYY-MM-DD",
             "A missing key, null and an empty text all mean that it is not known.",
             lambda film, _: not has_date(film) or release_date_of(film) is not None),
    FilmRule("release_date_range", REQUIRED, "warn", "release_date",
             "release_date is from {first_year} to {max_years_announced} years ahead",
             "From the oldest film that TMDB has to beyond any announcement.",
             _plausible_date),
    FilmRule("rated_without_votes", 20, "info", "vote_average",
             "a film without votes has no rating", "One of the two numbers is wrong.",
             lambda film, _: film.get("vote_count") != 0 or film.get("vote_average") == 0),
    FilmRule("adult", 20, "warn", "adult", "the film is not marked as adult",
             "No list asks for such films; the pages do not show their posters.",
             lambda film, _: film.get("adult") is not True),
    FilmRule("overview_language", 20, "block", "overview",
             "the overview is in the language asked for",
             "TMDB serves an empty text rather than another language; a whole list in another one "
             "means that it did not heed the question.",
             _in_language),
    FilmRule("overview_missing", 15, "block", "overview", "overview is not empty",
             "28 % are empty on normal days in Korean, 80 to 90 % were in March 2025.",
             lambda film, _: film.get("overview") != ""),
    FilmRule("release_date_missing", 15, "warn", "release_date", "release_date is given",
             "Some have none; a list of such films is junk.",
             lambda film, _: has_date(film)),
    FilmRule("genres_missing", 15, "warn", "genre_ids", "genre_ids is not empty",
             "Some have none; a list of such films is junk.",
             lambda film, _: film.get("genre_ids") != []),
    FilmRule("poster_missing", 10, "warn", "poster_path", "poster_path is given",
             "0.4 % have none on normal days; the films of March 2025 had none.",
             lambda film, _: film.get("poster_path") is not None),
    FilmRule("release_far_ahead", 10, "warn", "release_date",
             "the film is released within {max_years_ahead} years",
             "Some are announced; a list of them is junk.",
             _not_far_ahead),
    FilmRule("backdrop_missing", 5, "info", "backdrop_path", "backdrop_path is given",
             "2.8 % have none on normal days.",
             lambda film, _: film.get("backdrop_path") is not None),
    FilmRule("no_votes", 5, "warn", "vote_count", "somebody has voted",
             "Unreleased films have no votes; not half a list.",
             lambda film, _: film.get("vote_count") != 0),
    FilmRule("votes_few", 0, "block", "vote_count", "the film has at least {min_votes} votes",
             "The films of March 2025 had 0 to 2. It costs no points: new films have few.",
             _has_votes),
)  # fmt: skip
"""Every rule of films, required ones first."""
