"""Movie rows, made from the list and the position only, so that they are the same in every run."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from pipeline.genres import GENRE_NAMES

Row = dict[str, Any]

BEST_VOTE = 8.9
IDS_PER_LIST = 100_000
_NEWEST_RELEASE = date(2023, 12, 31)
_GENRE_IDS = tuple(GENRE_NAMES)


def movie_row(
    list_number: int, rank: int, genre_ids: Sequence[int], vote: float, *, korean: bool
) -> Row:
    """Return a row with every documented field."""
    genres = list(genre_ids) or [_GENRE_IDS[rank % len(_GENRE_IDS)]]
    english, hangul = GENRE_NAMES[genres[0]]
    original_title = f"{english} Film {list_number}-{rank + 1}"
    korean_title = f"{hangul} 영화 {list_number}-{rank + 1}"
    overview = f"{korean_title}의 줄거리입니다." if korean else f"What happens in {original_title}."
    return {
        "adult": False,
        "backdrop_path": f"/backdrop{list_number}x{rank}.jpg",
        "genre_ids": genres,
        "id": list_number * IDS_PER_LIST + rank + 1,
        "original_language": "en",
        "original_title": original_title,
        "overview": overview,
        "popularity": round(710.3831 / (1 + rank / 10), 4),
        "poster_path": f"/poster{list_number}x{rank}.jpg",
        "release_date": (_NEWEST_RELEASE - timedelta(days=rank)).isoformat(),
        "softcore": False,
        "title": korean_title if korean else original_title,
        "video": False,
        "vote_average": _as_tmdb_number(vote),
        "vote_count": max(200, 20_000 - 7 * rank),
    }


def _as_tmdb_number(vote: float) -> float | int:
    """Return an int for a whole number, as TMDB does."""
    vote = round(max(vote, 1.0), 3)
    return int(vote) if vote.is_integer() else vote
