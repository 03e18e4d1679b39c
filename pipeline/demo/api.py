"""The requests of TMDB v3 that the demo catalogue answers; paths are without the base's `/3`.

| path | parameters |
|---|---|
| `/movie/popular`, `/movie/now_playing`, `/movie/upcoming` | language, page, region |
| `/movie/top_rated` | language, page |
| `/trending/movie/day`, `/trending/movie/week` | language, page |
| `/discover/movie` | language, page, region, and those of `parse_discover_query` |
| `/genre/movie/list` | language |
| `/authentication` | |
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from pipeline.demo import lists
from pipeline.demo.discover import parse_discover_query
from pipeline.demo.pages import MAX_PAGE, PAGE_SIZE, PageKey, page_entries, reported_total
from pipeline.demo.response import Response, error_response, json_response
from pipeline.demo.rows import build_row
from pipeline.genres import GENRE_NAMES

Query = Mapping[str, str]

_INVALID_PAGE, _NOT_FOUND = 22, 34


class _List(NamedTuple):
    """A list as one request selects it.

    `request` names the request; random values are computed from it. `total` is the number of
    results that TMDB claims, None for the true number.
    """

    request: str
    ranking: lists.Ranking
    total: int | None = None
    total_is_exact: bool = False
    key_order: str = "common"


def answer(path: str, query: Query, *, day: date) -> Response:
    """Answer a GET request as TMDB would on a day; equal requests get equal bytes.

    The credential is not checked.
    """
    if path in _LISTS:
        return _page_response(_LISTS[path](path, query, day), query, day)
    if path == "/genre/movie/list":
        return json_response({"genres": _genres(_language(query))})
    if path == "/authentication":
        return json_response({"success": True, "status_code": 1, "status_message": "Success."})
    return error_response(_NOT_FOUND)


def _popular(path: str, query: Query, day: date) -> _List:
    return _List(path, lists.popular(day, _region(query)), _claimed_movies(day))


def _now_playing(path: str, query: Query, day: date) -> _List:
    return _List(path, lists.now_playing(day, _region(query)))


def _upcoming(path: str, query: Query, day: date) -> _List:
    return _List(path, lists.upcoming(day, _region(query)))


def _top_rated(path: str, query: Query, day: date) -> _List:
    return _List(path, lists.top_rated(day), key_order="top_rated")


def _trending(path: str, query: Query, day: date) -> _List:
    ranking = lists.trending(day, path.rpartition("/")[2])
    return _List(path, ranking, MAX_PAGE * PAGE_SIZE, total_is_exact=True, key_order="trending")


def _discover(path: str, query: Query, day: date) -> _List:
    parsed = parse_discover_query(query)
    if parsed is None:
        return _List(path, ())
    total = _claimed_movies(day) if parsed.is_unfiltered else None
    return _List(f"{path} {parsed}", lists.discover(day, parsed, _region(query)), total)


_LISTS: dict[str, Callable[[str, Query, date], _List]] = {
    "/movie/popular": _popular,
    "/movie/now_playing": _now_playing,
    "/movie/upcoming": _upcoming,
    "/movie/top_rated": _top_rated,
    "/trending/movie/day": _trending,
    "/trending/movie/week": _trending,
    "/discover/movie": _discover,
}


def _page_response(selected: _List, query: Query, day: date) -> Response:
    page = _page(query)
    if page is None:
        return error_response(_INVALID_PAGE)
    key = PageKey(f"{selected.request} {_region(query)}", day, page)
    total = len(selected.ranking) if selected.total is None else selected.total
    if not selected.total_is_exact:
        total = reported_total(total, key)
    language = _language(query)
    entries = page_entries(selected.ranking, key)
    return json_response(
        {
            "page": page,
            "results": [build_row(entry, language, selected.key_order) for entry in entries],
            "total_pages": max(1, -(-total // PAGE_SIZE)),
            "total_results": total,
        }
    )


def _claimed_movies(day: date) -> int:
    """Return the number of movies that TMDB claims to have: over a million, growing every day."""
    return max(1_086_000 + 357 * (day - date(2025, 12, 24)).days, 100_000)


def _genres(language: str) -> list[dict[str, object]]:
    names = {genre: names[language == "ko"] for genre, names in GENRE_NAMES.items()}
    return [{"id": genre, "name": name} for genre, name in names.items()]


def _language(query: Query) -> str:
    return "ko" if query.get("language", "").lower().startswith("ko") else "en"


def _region(query: Query) -> str:
    return query.get("region", "")


def _page(query: Query) -> int | None:
    text = query.get("page", "1")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= MAX_PAGE:
        return None
    return int(text)
