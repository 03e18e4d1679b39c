"""The changes of a list since the day before: new movies, those gone, and the biggest climbers."""

from __future__ import annotations

import datetime
from collections.abc import Sequence

from pipeline.pages.coerce import Document, as_dicts, as_int
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import Entry, Part, Ranks, build_title

_MAX_ENTRIES = 12


def build_changes(
    t: Translator,
    movies: Sequence[Document],
    before: Ranks,
    since: datetime.date,
    summary: Document,
) -> list[Part]:
    """Compare a list with the ranks of the day before; its summary has the titles of those gone."""
    if before is None:
        return []
    new, climbers = [], []
    for rank, movie in enumerate(movies, start=1):
        earlier = before.get(as_int(movie.get("id")) or 0)
        if earlier is None:
            new.append(Entry(build_title(t, movie), t("movies.rank_n", n=rank)))
        elif earlier > rank:
            place = t("movies.rank_from_to", before=earlier, rank=rank)
            climbers.append((earlier - rank, Entry(build_title(t, movie), place)))
    climbers.sort(key=lambda each: -each[0])
    titles = as_dicts(summary.get("gone")) if summary.get("since") == since.isoformat() else []
    left = [
        Entry(build_title(t, each), t("movies.rank_n", n=last))
        for each in titles
        if (last := before.get(as_int(each.get("id")) or 0)) is not None
    ]
    ids = {movie.get("id") for movie in movies if type(movie.get("id")) is int}
    return [
        Part(t("changes.new"), len(new), new[:_MAX_ENTRIES]),
        Part(t("changes.gone"), len(before.keys() - ids), left[:_MAX_ENTRIES]),
        Part(t("changes.climbers"), len(climbers), [each for _, each in climbers[:5]]),
    ]
