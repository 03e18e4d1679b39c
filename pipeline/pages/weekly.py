"""The page of a week: the top of each list, what changed, all movies, and the lists compared."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace

from pipeline.pages.checks import read_findings
from pipeline.pages.coerce import Document, as_dict, as_float, as_text
from pipeline.pages.figures import Figure, build_score
from pipeline.pages.i18n import Translator
from pipeline.pages.links import Around, Link, daily_address, weekly_address
from pipeline.pages.movies import Listing, Row, build_rows, read_ranks
from pipeline.pages.problem import find_problem
from pipeline.pages.render import render_page
from pipeline.pages.weekly_lists import WeekLists, build_list_rows
from pipeline.pages.weekly_moves import PreviousWeek, build_moves, find_new

_TOP = 10
_MAX_FILES = 60
_SECTIONS = ("tops", "moves", "all", "lists", "quality")


def weekly_page(
    date: datetime.date,
    consolidated: Document,
    report: Document,
    previous: PreviousWeek | None,
    language: str,
    list_names: Mapping[str, str],
    around: Around | None = None,
) -> str:
    """Return the page of a week.

    `previous` are date and report of the newest week before; `list_names` are the names of the
    lists that have no translation, by their slug.
    """
    t, around = Translator(language, list_names), around or Around()
    info = as_dict(consolidated.get("consolidation_info"))
    lists = WeekLists(consolidated, report)
    found = read_findings(t, info, report, [previous[1]] if previous else [])
    return render_page(
        "weekly.html",
        t,
        f"{t.week(date)} · {t('weekly.report')}",
        demo=info.get("source") == "demo",
        home="../index.html",
        neighbours=[
            Link(f"../{weekly_address(day)}", t.week(day), relation)
            for relation, day in (("prev", around.previous), ("next", around.next))
            if day
        ],
        made_from=t(
            "weekly.made_from", day=t.day(date), source=t.enum("source", info.get("source"))
        ),
        files=_read_files(info, around),
        sections=[Link(f"#{each}", t.enum("headings", each)) for each in _SECTIONS],
        date=date,
        heading=t.week(date),
        days=[Link(f"../{daily_address(day)}", t.short_day(day)) for day in around.days],
        figures=_build_figures(t, lists, report, previous),
        found=found,
        problem=find_problem(t, found),
        list_rows=build_list_rows(t, lists),
        compared=t("weekly.compared_with", day=t.day(previous[0]))
        if previous
        else t("weekly.no_earlier_week"),
        tops=_build_tops(t, lists, previous),
        movies=_build_movies(t, lists),
        moves=build_moves(t, lists, previous),
        file=next(iter(around.files), ""),
    )


def _read_files(info: Document, around: Around) -> list[str]:
    files = info.get("sources_processed")
    sources = [as_text(each) for each in files[:_MAX_FILES]] if isinstance(files, list) else []
    return [*around.files, *sources]


def _build_figures(
    t: Translator, lists: WeekLists, report: Document, previous: PreviousWeek | None
) -> list[Figure]:
    counts, total = lists.count_by_lists(), len(lists.movies)
    several = sum(counts.values()) - counts[1]
    new = len(find_new(lists, previous)) if previous else None
    return [
        Figure(
            t("weekly.unique_movies"), t.number(total), t("weekly.in_lists", n=len(lists.slugs))
        ),
        Figure(
            t("weekly.new_this_week"),
            t.number(new),
            t("figures.since", day=t.short_day(previous[0])) if previous else "",
        ),
        Figure(
            t("weekly.in_several"),
            t.number(several),
            t("weekly.in_one_list", n=t.number(counts[1])),
        ),
        build_score(t, report),
    ]


def _build_tops(t: Translator, lists: WeekLists, previous: PreviousWeek | None) -> list[Listing]:
    def build_top(slug: str) -> Listing:
        earlier = read_ranks(previous[1], slug) if previous else None
        return Listing(t.list_name(slug), build_rows(t, lists.movies_of(slug)[:_TOP], [earlier]))

    return [build_top(slug) for slug in lists.slugs]


def _build_movies(t: Translator, lists: WeekLists) -> list[Row]:
    """Return all movies, the most popular first, with the lists that contain them."""
    both = sorted(
        zip(lists.movies, lists.ranks, strict=True),
        key=lambda each: -(as_float(each[0].get("popularity")) or 0.0),
    )
    rows = build_rows(t, [movie for movie, _ in both])
    places = (
        " · ".join(f"{t.list_name(slug)} {n}" for slug, n in each.items()) for _, each in both
    )
    return [replace(row, place=place) for row, place in zip(rows, places, strict=True)]
