"""The page of a week: its lists side by side, and what changed since the week before."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from pipeline.catalog import BY_GENRE, BY_RATING
from pipeline.pages.coerce import Document, as_dict, as_float, as_text
from pipeline.pages.findings import read_findings
from pipeline.pages.i18n import Translator
from pipeline.pages.movie_rows import Row, build_rows, read_ranks
from pipeline.pages.render import render_page
from pipeline.pages.weekly_charts import render_found_in, render_scatter
from pipeline.pages.weekly_lists import (
    WeekLists,
    build_list_rows,
    build_overlaps,
    render_list_sizes,
)
from pipeline.pages.weekly_moves import PreviousWeek, build_moves, find_new
from pipeline.pages.widgets import Figure, build_score, build_validation_rate, read_score

TOP_RATED = "top_rated"

_TOP = 20
_MAX_FILES = 60
_SECTIONS = ("glance", "quality", "lists", "overlap", "top20", "moves", "scatter")


def weekly_page(
    date: datetime.date,
    consolidated: Document,
    report: Document,
    previous: PreviousWeek | None,
    language: str,
    list_names: Mapping[str, str],
) -> str:
    """Return the page of a week.

    Args:
        date: the day of the collection.
        consolidated: the movies of the week without duplicates.
        report: the report on the lists of the week.
        previous: date and report of the newest week before, or None.
        language: the language of the page, "ko" or "en".
        list_names: the names of the lists that have no translation, by their slug.
    """
    t = Translator(language, list_names)
    info = as_dict(consolidated.get("consolidation_info"))
    lists = WeekLists(consolidated, report)
    list_rows = build_list_rows(t, lists)
    source = t.enum("source", info.get("source"))
    return render_page(
        "weekly.html",
        t,
        f"{t.week(date)} · {t('weekly.report')}",
        demo=info.get("source") == "demo",
        home="../index.html",
        made_from=t("weekly.made_from", day=t.day(date), source=source),
        files=_read_files(info),
        sections=[(each, t.enum("headings", each)) for each in _SECTIONS],
        date=date,
        heading=t.week(date),
        figures=_build_figures(t, lists, info, report, previous),
        found=read_findings(t, info, report),
        list_rows=list_rows,
        sizes=render_list_sizes(t, list_rows),
        overlap=build_overlaps(t, lists),
        compared=t("weekly.compared_with", day=t.day(previous[0]))
        if previous
        else t("weekly.no_earlier_week"),
        top=_build_top(t, lists, previous),
        move_heads=[(t("weekly.change"), t("weekly.week_change"))],
        moves=build_moves(t, lists, previous),
        scatter=render_scatter(t, lists.movies),
        found_in=render_found_in(t, lists.count_by_lists()),
    )


def _read_files(info: Document) -> list[str]:
    files = info.get("sources_processed")
    return [as_text(each) for each in files[:_MAX_FILES]] if isinstance(files, list) else []


def _build_figures(
    t: Translator, lists: WeekLists, info: Document, report: Document, previous: PreviousWeek | None
) -> list[Figure]:
    counts = lists.count_by_lists()
    by_category = as_dict(info.get("by_category"))
    by_genre, by_rating, numbers_differ = (
        t.number(as_float(value))
        for value in (
            by_category.get(BY_GENRE),
            by_category.get(BY_RATING),
            info.get("numbers_differ"),
        )
    )
    total = len(lists.movies)
    return [
        Figure(
            t("weekly.unique_movies"), t.number(total), t("weekly.in_lists", n=len(lists.slugs))
        ),
        Figure(t("weekly.by_genre"), by_genre, f"{t('weekly.by_rating')} {by_rating}"),
        _build_part(t, t("weekly.in_one_list"), counts[1], total),
        _build_part(t, t("weekly.in_several"), sum(counts.values()) - counts[1], total),
        Figure(
            t("weekly.new_this_week"),
            t.number(len(find_new(lists, previous)) if previous else None),
            t("weekly.since_week", day=t.short_day(previous[0])) if previous else "",
        ),
        build_score(t, read_score(report)),
        build_validation_rate(t, report, before={}),
        Figure(t("weekly.numbers_differ"), numbers_differ, t("weekly.numbers_differ_note")),
    ]


def _build_part(t: Translator, name: str, count: int, total: int) -> Figure:
    return Figure(name, t.number(count), t.share(count / total if total else None, 0))


def _build_top(t: Translator, lists: WeekLists, previous: PreviousWeek | None) -> list[Row]:
    earlier = read_ranks(previous[1], TOP_RATED) if previous else None
    return build_rows(t, lists.movies_of(TOP_RATED)[:_TOP], [earlier])
