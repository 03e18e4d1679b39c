"""The page of a day: its key figures, its verdict, its lists and its run."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import NamedTuple

from pipeline.pages.coerce import (
    Document,
    as_date,
    as_dict,
    as_dicts,
    as_float,
    as_instant,
    as_int,
)
from pipeline.pages.daily_charts import render_daily_charts
from pipeline.pages.findings import read_findings
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.movie_rows import Row, Title, build_rows, build_title, read_ranks
from pipeline.pages.render import render_page
from pipeline.pages.timeline import build_timeline
from pipeline.pages.widgets import Figure, build_score, build_validation_rate, read_score

_MAX_CHANGES = 12
_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)

Movies = Mapping[str, list[Document]]
Reports = Mapping[datetime.date, Document]


class Entry(NamedTuple):
    """A movie that is new in a list, gone from it, or has climbed."""

    name: Title
    place: str


class Part(NamedTuple):
    """One kind of change, with the number of entries that are not shown."""

    heading: str
    entries: list[Entry]
    more: int


class Changes(NamedTuple):
    """The difference of a list from the day before."""

    list_name: str
    since: str
    parts: list[Part]


class ListTable(NamedTuple):
    """A list as a table, with a sentence for each missing day."""

    anchor: str
    heading: str
    rows: list[Row]
    gaps: list[str]


def daily_page(
    date: datetime.date,
    lists: Mapping[str, Document],
    summary: Document,
    history: Reports,
    language: str,
    list_names: Mapping[str, str] | None = None,
) -> str:
    """Return the page of a day.

    Args:
        date: the day.
        lists: its lists by their slug, in the order of the page.
        summary: its summary, which contains the report.
        history: the reports of up to 30 days before, without those that are missing.
        language: the language of the page, "ko" or "en".
        list_names: the names of lists that have no translation, by their slug.
    """
    t = Translator(language, list_names)
    report = as_dict(summary.get("quality_summary"))
    movies = {slug: as_dicts(document.get("movies")) for slug, document in lists.items()}
    tables = [_build_table(t, date, slug, movies[slug], history) for slug in movies]
    return render_page(
        "daily.html",
        t,
        f"{t.day(date)} · {t('daily.report')}",
        demo=summary.get("source") == "demo",
        home="../index.html",
        made_from=_write_made_from(t, lists, summary),
        sections=[
            *((each, t.enum("headings", each)) for each in ("glance", "quality", "charts")),
            *((table.anchor, table.heading) for table in tables),
            ("run", t("headings.run")),
        ],
        date=date,
        figures=_build_figures(t, movies, summary, as_dict(history.get(date - _DAY))),
        found=read_findings(t, summary, report),
        changes=[_build_changes(t, slug, _changes_of(summary, slug)) for slug in movies],
        tables=tables,
        move_heads=[
            (t("movies.day_move"), t("movies.day_move_long")),
            (t("movies.week_move"), t("movies.week_move_long")),
        ],
        charts=render_daily_charts(t, date, movies.get("popular", []), {**history, date: report}),
        run=build_timeline(t, as_dict(summary.get("execution_summary"))),
    )


def _write_made_from(t: Translator, lists: Mapping[str, Document], summary: Document) -> str:
    first = next(iter(lists.values()), {})
    collected_at = as_instant(as_dict(first.get("collection_info")).get("collected_at"))
    source = t.enum("source", summary.get("source"))
    return t("frame.made_from", at=t.instant(collected_at), source=source)


def _build_figures(
    t: Translator, movies: Movies, summary: Document, report_before: Document
) -> list[Figure]:
    report = as_dict(summary.get("quality_summary"))
    run = as_dict(summary.get("execution_summary"))
    minutes = as_float(run.get("duration_minutes"))
    retries = as_int(run.get("retries"))
    start, end = (t.clock(as_instant(run.get(key))) for key in ("start_time", "end_time"))
    sizes = {slug: len(each) for slug, each in movies.items()}
    return [
        Figure(t("figures.movies"), t.number(sum(sizes.values())), _write_counts(t, sizes)),
        _count_changes(t, t("figures.new"), movies, summary, "new"),
        _count_changes(t, t("figures.gone"), movies, summary, "gone"),
        build_score(t, read_score(report), read_score(report_before)),
        build_validation_rate(t, report, report_before),
        Figure(
            t("figures.requests"),
            t.number(as_float(run.get("requests"))),
            "" if retries is None else t("figures.retries", n=retries),
        ),
        Figure(t("figures.received"), t.size(as_float(run.get("bytes_received")))),
        Figure(
            t("figures.duration"),
            t.seconds(None if minutes is None else 60 * minutes),
            t("figures.from_to", start=start, end=end),
        ),
    ]


def _write_counts(t: Translator, counts: Mapping[str, int]) -> str:
    return " · ".join(f"{t.list_name(slug)} {t.number(count)}" for slug, count in counts.items())


def _count_changes(
    t: Translator, name: str, movies: Movies, summary: Document, kind: str
) -> Figure:
    changes = {slug: _changes_of(summary, slug) for slug in movies}
    counts = {
        slug: len(as_dicts(each.get(kind)))
        for slug, each in changes.items()
        if as_date(each.get("since"))
    }
    if not counts:
        return Figure(name, NO_VALUE, t("figures.since_missing"))
    return Figure(name, t.number(sum(counts.values())), _write_counts(t, counts))


def _changes_of(summary: Document, slug: str) -> Document:
    return as_dict(as_dict(summary.get("changes")).get(slug))


def _build_changes(t: Translator, slug: str, changes: Document) -> Changes:
    since = as_date(changes.get("since"))
    return Changes(
        t.list_name(slug),
        t("figures.since", day=t.short_day(since)) if since else "",
        [
            _build_part(t, t.enum("changes", kind), as_dicts(changes.get(kind)))
            for kind in ("new", "gone", "climbers")
        ],
    )


def _build_part(t: Translator, heading: str, movies: list[Document]) -> Part:
    entries = [
        Entry(build_title(t, movie), _write_place(t, movie)) for movie in movies[:_MAX_CHANGES]
    ]
    return Part(heading, entries, len(movies) - len(entries))


def _write_place(t: Translator, entry: Document) -> str:
    rank, before = as_int(entry.get("rank")), as_int(entry.get("rank_before"))
    if rank is None:
        return ""
    if before is None:
        return t("movies.rank_n", n=rank)
    return t("movies.rank_from_to", before=before, rank=rank)


def _build_table(
    t: Translator, date: datetime.date, slug: str, movies: list[Document], history: Reports
) -> ListTable:
    day, week = date - _DAY, date - _WEEK
    earlier = [read_ranks(history.get(each), slug) for each in (day, week)]
    gaps = (t("daily.day_missing", day=t.day(day)), t("daily.week_missing", day=t.day(week)))
    anchor = f"{slug}_movies"
    return ListTable(
        anchor,
        t.enum("headings", anchor, default=t.list_name(slug)),
        build_rows(t, movies, earlier),
        [gap for gap, ranks in zip(gaps, earlier, strict=True) if ranks is None],
    )
