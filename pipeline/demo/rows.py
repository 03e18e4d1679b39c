"""The JSON rows of a list."""

from pipeline.demo.metrics import MovieMetrics

_COMMON = (
    "adult backdrop_path genre_ids id title original_language original_title overview popularity"
    " poster_path release_date softcore video vote_average vote_count"
)
_TOP_RATED = (
    "adult backdrop_path genre_ids id original_language original_title overview popularity"
    " poster_path release_date title softcore video vote_average vote_count"
)
_TRENDING = (
    "adult backdrop_path id title original_title overview poster_path media_type original_language"
    " genre_ids popularity release_date softcore video vote_average vote_count"
)
# TMDB writes the keys of a row in another order for each of these kinds of lists.
_KEY_ORDERS = {
    "common": _COMMON.split(),
    "top_rated": _TOP_RATED.split(),
    "trending": _TRENDING.split(),
}


def build_row(entry: MovieMetrics, language: str, key_order: str) -> dict[str, object]:
    """Return one row of a list in "ko" or "en"; the key `release_date` may be missing."""
    values = _values(entry, language)
    return {key: values[key] for key in _KEY_ORDERS[key_order] if key in values}


def _values(entry: MovieMetrics, language: str) -> dict[str, object]:
    movie = entry.movie
    values: dict[str, object] = {
        "adult": False,
        "backdrop_path": movie.backdrop_path,
        "genre_ids": movie.genre_ids,
        "id": movie.id,
        "media_type": "movie",
        "original_language": movie.original_language,
        "original_title": movie.original_title,
        "overview": movie.overview(language),
        "popularity": entry.popularity,
        "poster_path": movie.poster_path,
        "softcore": False,
        "title": movie.title(language),
        "video": False,
        "vote_average": entry.vote_average,
        "vote_count": entry.vote_count,
    }
    if movie.release_date is not None:
        values["release_date"] = movie.release_date
    return values
