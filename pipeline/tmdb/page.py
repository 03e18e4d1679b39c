"""The schema of one page of a movie list, and the statistics of fetching a list."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec


class Page(msgspec.Struct, frozen=True):
    """One page, its rows as received: only their `id` is certain. The totals are TMDB's claims."""

    page: int
    results: list[dict[str, Any]]
    total_pages: int
    total_results: int


class FetchStats(NamedTuple):
    """What a list took: requests, those of them that were retries, bytes unpacked, seconds."""

    requests: int
    retries: int
    bytes_received: int
    duration_seconds: float
