"""What is normal in measuring TMDB, beyond what the catalogue itself does (shared/TMDB.md tells).

Each page is cached by itself: some are a day old, a film stands on both sides of a border, and
popularity differs from page to page. Overviews are missing, softcore is there or not.
"""

from __future__ import annotations

import math
from random import Random

from pipeline.documents.collect import Film, Page

OLD_PAGES = 0.15
"""Of the lists that everybody asks for. A genre in Korean is hardly ever in a cache for hours."""

SLIPS = 0.1
MOST_SLIPPED = 3
EMPTIED_PAGES = 0.3
WITHOUT_SOFTCORE = 0.3


def mixed(today: list[Page], yesterday: list[Page], chance: Random) -> list[Page]:
    """Some of the pages as they were a day before: the caches' doing."""
    return [
        old if chance.random() < OLD_PAGES else new
        for new, old in zip(today, yesterday, strict=True)
    ]


def noisy(pages: list[Page], language: str, chance: Random) -> list[Page]:
    """The same pages with the gaps and disagreements of a normal day."""
    scale = math.exp(chance.gauss(0, 0.15))
    without_softcore = chance.random() < WITHOUT_SOFTCORE
    films = _slipped([list(page.films) for page in pages], chance)
    return [
        page._replace(films=_measured(rows, language, scale, without_softcore, chance))
        for page, rows in zip(pages, films, strict=True)
    ]


def _slipped(pages: list[list[Film]], chance: Random) -> list[list[Film]]:
    """Films that stand last on one page and first on the next, where another one is missed."""
    return [
        _slip(pages[place - 1], rows, chance.randint(1, MOST_SLIPPED))
        if place and chance.random() < SLIPS
        else rows
        for place, rows in enumerate(pages)
    ]


def _slip(before: list[Film], rows: list[Film], count: int) -> list[Film]:
    return [*before[-count:], *rows][: len(rows)]


def _measured(
    rows: list[Film], language: str, scale: float, without_softcore: bool, chance: Random
) -> list[Film]:
    factor = scale * math.exp(chance.gauss(0, 0.02))
    copies = [row | {"popularity": round(row["popularity"] * factor, 4)} for row in rows]
    if without_softcore:
        copies = [{k: v for k, v in row.items() if k != "softcore"} for row in copies]
    if copies and chance.random() < EMPTIED_PAGES:
        most = 4 if language.startswith("ko") else 2
        for row in chance.sample(copies, min(len(copies), chance.randint(1, most))):
            row["overview"] = ""
    return copies
