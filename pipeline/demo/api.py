"""The paths of TMDB v3 that the catalogue answers, without the base's `/3`.

| path | parameters |
|---|---|
| `/movie/popular` | language, page, region |
| `/movie/top_rated` | language, page |
| `/trending/movie/day`, `/trending/movie/week` | language, page |
| `/discover/movie` | language, page, region, and what `wanted` reads |
| `/movie/{id}`, `/genre/movie/list` | language |
| `/authentication`, `/configuration` | |
"""

import re
from collections.abc import Callable, Mapping
from datetime import date

from pipeline.demo.chance import share
from pipeline.demo.genres import GENRES
from pipeline.demo.lists import Order, discover, popular, top_rated, trending
from pipeline.demo.pages import LAST_PAGE, PAGE_SIZE, Moment, claimed_total, page_entries
from pipeline.demo.reply import Reply, document_reply, error_reply
from pipeline.demo.rows import detail, genre_documents, row
from pipeline.demo.standing import standings_by_id
from pipeline.demo.wanted import read_wanted

Query = Mapping[str, str]
Route = Callable[[str, Query, date], Reply]

_PAGE_NOT_FOUND, _BAD_PAGE = 34, 22
_HOURS_8, _MINUTES_10 = 28_800, 600
_TRENDING_TOTAL = LAST_PAGE * PAGE_SIZE


def answer(path: str, query: Query, *, on: date) -> Reply:
    """Answer one GET as TMDB would on that date; the same question gets the same bytes.

    Credentials are not looked at here: that is the server's part.
    """
    route = _ROUTES.get(path) or (_film if re.fullmatch(r"/movie/\d{1,12}", path) else None)
    if route is None:
        return error_reply(_PAGE_NOT_FOUND)
    return route(path, query, on)


def _language(query: Query) -> str:
    return "ko" if query.get("language", "").lower().startswith("ko") else "en"


def _page(query: Query) -> int | None:
    text = query.get("page", "1")
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not 1 <= int(text) <= LAST_PAGE:
        return None
    return int(text)


def _popular(path: str, query: Query, on: date) -> Reply:
    return _listing(path, query, on, popular(on, query.get("region", "")), _everything(on))


def _top_rated(path: str, query: Query, on: date) -> Reply:
    return _listing(path, query, on, top_rated(on), keys="top_rated")


def _trending(path: str, query: Query, on: date) -> Reply:
    order = trending(on, path.rpartition("/")[2])
    return _listing(path, query, on, order, _TRENDING_TOTAL, keys="trending")


def _discover(path: str, query: Query, on: date) -> Reply:
    wanted = read_wanted(query)
    order = discover(on, wanted, query.get("region", "")) if wanted else ()
    total = _everything(on) if wanted and wanted.everything else None
    return _listing(f"{path} {wanted}", query, on, order, total)


def _everything(on: date) -> int:
    """The number of films TMDB claims to have: over a million, and growing every day."""
    return max(1_086_000 + 357 * (on.toordinal() - date(2025, 12, 24).toordinal()), 100_000)


def _listing(
    name: str, query: Query, on: date, order: Order, total: int | None = None, keys: str = "common"
) -> Reply:
    page = _page(query)
    if page is None:
        return error_reply(_BAD_PAGE)
    moment = Moment(f"{name} {query.get('region', '')}", on, page)
    if total != _TRENDING_TOTAL:
        total = claimed_total(len(order) if total is None else total, moment)
    document = {
        "page": page,
        "results": [row(entry, _language(query), keys) for entry in page_entries(order, moment)],
        "total_pages": max(1, -(-total // PAGE_SIZE)),
        "total_results": total,
    }
    longest = _MINUTES_10 if keys == "trending" else _HOURS_8
    return document_reply(document, _max_age(longest, *moment))


def _film(path: str, query: Query, on: date) -> Reply:
    standing = standings_by_id(on).get(int(path.rpartition("/")[2]))
    if standing is None:
        return error_reply(_PAGE_NOT_FOUND)
    return document_reply(detail(standing, _language(query)), _max_age(_HOURS_8, path, on))


def _genre_list(path: str, query: Query, on: date) -> Reply:
    document = {"genres": genre_documents(tuple(GENRES), _language(query))}
    return document_reply(document, _max_age(_HOURS_8, path, on))


def _authentication(path: str, query: Query, on: date) -> Reply:
    document = {"success": True, "status_code": 1, "status_message": "Success."}
    return document_reply(document, 0)


def _configuration(path: str, query: Query, on: date) -> Reply:
    images = {
        "base_url": "http://image.tmdb.org/t/p/",
        "secure_base_url": "https://image.tmdb.org/t/p/",
        "backdrop_sizes": ["w300", "w780", "w1280", "original"],
        "poster_sizes": ["w92", "w154", "w185", "w342", "w500", "w780", "original"],
    }
    document = {"change_keys": ["overview", "softcore", "title"], "images": images}
    return document_reply(document, _max_age(_HOURS_8, path, on))


def _max_age(longest_seconds: int, *key: object) -> int:
    """Where a cache's countdown stands when it hands out this document."""
    return 1 + int(share("age", *key) * longest_seconds)


_ROUTES: dict[str, Route] = {
    "/movie/popular": _popular,
    "/movie/top_rated": _top_rated,
    "/trending/movie/day": _trending,
    "/trending/movie/week": _trending,
    "/discover/movie": _discover,
    "/genre/movie/list": _genre_list,
    "/authentication": _authentication,
    "/configuration": _configuration,
}
