"""Return the pages of a list as the embedded catalogue serves them on a date."""

from __future__ import annotations

import datetime
import functools
import json

from pipeline import demo
from pipeline.catalog import FilmList
from pipeline.tmdb.page import Page

_MAX_LISTS = 128
"""The number of cached lists: some days of all weekly lists, in two languages."""


@functools.lru_cache(maxsize=_MAX_LISTS)
def catalogue(film_list: FilmList, on: datetime.date, language: str) -> list[Page]:
    """Return all pages of the list; the rows are shared and must not be changed."""
    return [_page(film_list, on, language, number) for number in range(1, film_list.pages + 1)]


def _page(film_list: FilmList, on: datetime.date, language: str, number: int) -> Page:
    query = {"language": language, "page": str(number), **dict(film_list.parameters)}
    if film_list.by_region:
        query["region"] = "KR"
    body = json.loads(demo.answer(film_list.endpoint, query, day=on).body)
    return Page(number, body["results"], body["total_pages"], body["total_results"])
