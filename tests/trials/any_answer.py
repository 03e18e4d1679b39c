"""The answers that the first property is tried with."""

from __future__ import annotations

import gzip
import json
import zlib
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from support.repository import RECORDINGS

from trials.answers import Reply, genuine_pages
from trials.inputs import any_content, bytes_of, changed

_STATUSES = (*[200] * 90, 204, 301, 400, 404, 422, 429, 500, 503, 599, 999)


def recorded_pages() -> list[dict[str, Any]]:
    """The genuine answers of TMDB that are lists, where they lie beside this checkout."""
    bodies = [_body(path) for path in sorted(RECORDINGS.glob("tmdblib*.json"))]
    return [
        {**body, "results": body["results"][:5]}
        for body in bodies
        if isinstance(body, dict) and isinstance(body.get("results"), list) and "page" in body
    ]


def _body(path: Path) -> Any:
    return json.loads(path.read_bytes())["body"]


@st.composite
def _reply(draw: st.DrawFn, pages: list[dict[str, Any]], number: int) -> Reply:
    body = draw(_bodies(pages, number))
    headers = {}
    packing = draw(st.sampled_from((*["none"] * 30, "gzip", "deflate", "secret", "lie", "odd")))
    if packing in ("gzip", "secret"):
        body = gzip.compress(body)
    if packing == "deflate":
        body = zlib.compress(body)
    if packing in ("gzip", "deflate"):
        headers["Content-Encoding"] = packing
    if packing in ("lie", "odd"):
        headers["Content-Encoding"] = {"lie": "gzip", "odd": "zstd, x"}[packing]
    return Reply(body, draw(st.sampled_from(_STATUSES)), headers)


def _bodies(pages: list[dict[str, Any]], number: int) -> st.SearchStrategy[bytes]:
    """A page of that number, mostly with something changed; at times anything at all."""
    own = [{**page, "page": number} for page in pages]
    near = st.sampled_from(own).flatmap(lambda page: bytes_of(_changed_films(page)))
    exactly = st.sampled_from(own).map(lambda page: json.dumps(page).encode())
    anything = any_content([json.dumps(page).encode() for page in own])
    return st.one_of(near, near, near, exactly, exactly, anything)


def _changed_films(page: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """The page with its films changed, and mostly itself left as it is."""
    films = st.tuples(*(changed(film, most=2) for film in page["results"][:2])).map(
        lambda new: {**page, "results": [*new, *page["results"][2:]]}
    )
    return films | films | films.flatmap(lambda new: changed(new, most=1))


def any_replies(pages: list[dict[str, Any]]) -> st.SearchStrategy[tuple[Reply, ...]]:
    """Two pages of a list."""
    return st.tuples(_reply(pages, 1), _reply(pages, 2))


def all_pages() -> list[dict[str, Any]]:
    """Pages of the catalogue, and of TMDB itself where there are some."""
    return [*genuine_pages(), *recorded_pages()]
