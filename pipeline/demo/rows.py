"""JSON documents of single films: the rows of lists, and one film's own page."""

from pipeline.demo.genres import GENRES
from pipeline.demo.standing import Standing

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

KEY_ORDERS = {
    "common": tuple(_COMMON.split()),
    "top_rated": tuple(_TOP_RATED.split()),
    "trending": tuple(_TRENDING.split()),
}
"""Each list writes the keys of its rows in an order of its own."""


def row(standing: Standing, language: str, keys: str = "common") -> dict[str, object]:
    """One row of a list in "ko" or "en"; `release_date` may be absent."""
    values = _values(standing, language)
    return {key: values[key] for key in KEY_ORDERS[keys] if key in values}


def detail(standing: Standing, language: str) -> dict[str, object]:
    """One film's own document: genres by name, and a few facts lists do not have."""
    values = row(standing, language)
    genre_ids = standing.film.genre_ids
    del values["genre_ids"]
    return values | {
        "genres": genre_documents(genre_ids, language),
        "status": "Released" if standing.vote_count else "Post Production",
        "runtime": 78 + standing.film.id % 71,
        "imdb_id": None,
        "homepage": "",
        "tagline": "",
    }


def genre_documents(genre_ids: tuple[int, ...], language: str) -> list[dict[str, object]]:
    """Ids with their names, `{"id": 28, "name": "액션"}`."""
    column = 1 if language == "ko" else 0
    return [{"id": genre, "name": GENRES[genre][column]} for genre in genre_ids]


def _values(standing: Standing, language: str) -> dict[str, object]:
    film = standing.film
    values: dict[str, object] = {
        "adult": False,
        "backdrop_path": film.backdrop_path,
        "genre_ids": film.genre_ids,
        "id": film.id,
        "media_type": "movie",
        "original_language": film.original_language,
        "original_title": film.original_title,
        "overview": film.overview(language),
        "popularity": standing.popularity,
        "poster_path": film.poster_path,
        "softcore": False,
        "title": film.title(language),
        "video": False,
        "vote_average": standing.vote_average,
        "vote_count": standing.vote_count,
    }
    if film.release_date is not None:
        values["release_date"] = film.release_date
    return values
