"""The noise of genuine lists, in addition to that of the catalogue (see shared/TMDB.md).

TMDB caches each page separately: some are a day old, a movie is on two neighbouring pages, and
popularity differs from page to page. Overviews are missing, and softcore comes and goes.
"""

from __future__ import annotations

import math
from random import Random

from msgspec.structs import replace

from pipeline.documents.schema import Movie
from pipeline.tmdb.page import Page

OLD_PAGES = 0.15
"""The share of outdated pages of popular lists; a genre in Korean is rarely cached for hours."""

SLIPS = 0.1
MAX_SLIPPED = 3
EMPTIED_PAGES = 0.3
WITHOUT_SOFTCORE = 0.3


def mixed(today: list[Page], yesterday: list[Page], chance: Random) -> list[Page]:
    """Return the pages with some of the day before, as caches serve them."""
    return [
        old if chance.random() < OLD_PAGES else new
        for new, old in zip(today, yesterday, strict=True)
    ]


def noisy(pages: list[Page], language: str, chance: Random) -> list[Page]:
    """Return the pages with the gaps and differences of a normal day."""
    scale = math.exp(chance.gauss(0, 0.15))
    without_softcore = chance.random() < WITHOUT_SOFTCORE
    films = _slipped([list(page.results) for page in pages], chance)
    return [
        replace(page, results=_measured(rows, language, scale, without_softcore, chance))
        for page, rows in zip(pages, films, strict=True)
    ]


def _slipped(pages: list[list[Movie]], chance: Random) -> list[list[Movie]]:
    """Repeat the last movies of a page on the next one, where they replace others."""
    return [
        _slip(pages[place - 1], rows, chance.randint(1, MAX_SLIPPED))
        if place and chance.random() < SLIPS
        else rows
        for place, rows in enumerate(pages)
    ]


def _slip(before: list[Movie], rows: list[Movie], count: int) -> list[Movie]:
    return [*before[-count:], *rows][: len(rows)]


def _measured(
    rows: list[Movie], language: str, scale: float, without_softcore: bool, chance: Random
) -> list[Movie]:
    factor = scale * math.exp(chance.gauss(0, 0.02))
    copies = [row | {"popularity": round(row["popularity"] * factor, 4)} for row in rows]
    if without_softcore:
        copies = [{k: v for k, v in row.items() if k != "softcore"} for row in copies]
    if copies and chance.random() < EMPTIED_PAGES:
        most = 4 if language.startswith("ko") else 2
        for row in chance.sample(copies, min(len(copies), chance.randint(1, most))):
            row["overview"] = ""
    return copies
