"""Return the pages of a list as the embedded catalogue serves them on a date."""

from __future__ import annotations

import datetime
import functools
import json

from pipeline import demo
from pipeline.catalog import MovieList
from pipeline.tmdb.page import Page

_MAX_LISTS = 128
"""The number of cached lists: some days of all weekly lists, in two languages."""


def catalogue(movie_list: MovieList, on: datetime.date, language: str) -> list[Page]:
    """Return all pages of the list; the rows are shared and must not be changed."""
    query = {"language": language, **movie_list.parameters}
    if movie_list.by_region:
        query["region"] = "KR"
    return _pages(movie_list.endpoint, tuple(query.items()), movie_list.pages, on)


@functools.lru_cache(maxsize=_MAX_LISTS)
def _pages(
    endpoint: str, query: tuple[tuple[str, str], ...], pages: int, on: datetime.date
) -> list[Page]:
    return [_page(endpoint, {**dict(query), "page": str(each)}, on) for each in range(1, pages + 1)]


def _page(endpoint: str, query: dict[str, str], on: datetime.date) -> Page:
    body = json.loads(demo.answer(endpoint, query, day=on).body)
    return Page(int(query["page"]), body["results"], body["total_pages"], body["total_results"])
