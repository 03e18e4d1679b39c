"""The charts on the page of a day: the popular list, and the quality of the last 30 days."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Mapping

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_dict, as_float
from pipeline.pages.figures import Chart, build_trend, read_score
from pipeline.pages.i18n import Translator
from pipeline.pages.movies import read_genres


def build_daily_charts(
    t: Translator,
    date: datetime.date,
    popular: list[Document],
    reports: Mapping[datetime.date, Document],
) -> list[Chart]:
    """Return the charts of a day."""
    score, overviews = (
        {on: read(as_dict(report)) for on, report in reports.items()}
        for read in (read_score, _read_empty_overviews)
    )
    return [
        _build_genres(t, popular),
        build_trend(t, t("charts.quality"), date, score),
        build_trend(t, t("charts.overviews"), date, overviews, percent=True),
    ]


def _build_genres(t: Translator, movies: list[Document]) -> Chart:
    counts = Counter(genre for movie in movies for genre in read_genres(movie))
    bars: dict[str, int] = {t.genre(genre): count for genre, count in counts.most_common()}
    if not bars:
        return Chart(t("charts.genres"))
    name, most = next(iter(bars.items()))
    if without := sum(1 for movie in movies if not read_genres(movie)):
        bars[t("movies.no_genre")] = without
    return Chart(
        t("charts.genres"),
        t("charts.genres_says", name=name, count=most, n=len(movies)),
        charts.draw_bars(bars),
        (t("movies.genres"), t("figures.movies")),
        [(label, t.number(count)) for label, count in bars.items()],
        note=t("charts.genres_note"),
    )


def _read_empty_overviews(report: Document) -> float | None:
    """Return the percentage of popular movies without an overview."""
    profile = as_dict(as_dict(report.get("profiles")).get("popular"))
    value = as_float(profile.get("overviews_empty"))
    return 100 * value if value is not None and 0 <= value <= 1 else None
