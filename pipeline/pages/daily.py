"""The page of a day: its verdict, what changed, its lists, its charts, its checks and its run."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from pipeline.pages.changes import build_changes
from pipeline.pages.checks import read_findings
from pipeline.pages.coerce import Document, as_dict, as_dicts, as_float, as_instant, as_int
from pipeline.pages.daily_charts import build_daily_charts
from pipeline.pages.figures import Figure, build_score
from pipeline.pages.i18n import NO_VALUE, Translator
from pipeline.pages.links import Around, Link, daily_address, weekly_address
from pipeline.pages.movies import Listing, Ranks, build_rows, read_history, read_ranks
from pipeline.pages.problem import find_problem
from pipeline.pages.render import render_page
from pipeline.pages.run import read_tasks

_DAY = datetime.timedelta(days=1)
_WEEK = datetime.timedelta(days=7)

# The list that stands first, because it is of the day.
_FIRST = "trending"

Reports = Mapping[datetime.date, Document]


def daily_page(
    date: datetime.date,
    lists: Mapping[str, Document],
    summary: Document,
    history: Reports,
    language: str,
    list_names: Mapping[str, str] | None = None,
    around: Around | None = None,
) -> str:
    """Return the page of a day.

    `history` are the reports of up to 30 days before, without those that are missing; `list_names`
    are the names of lists that have no translation, by their slug.
    """
    t, around = Translator(language, list_names), around or Around()
    report, changes = (as_dict(summary.get(key)) for key in ("quality_summary", "changes"))
    listings = [
        _build_listing(t, date, slug, lists[slug], as_dict(changes.get(slug)), history, around)
        for slug in sorted(lists, key=lambda slug: slug != _FIRST)
    ]
    popular = as_dicts(as_dict(lists.get("popular")).get("movies"))
    found = read_findings(t, summary, report, list(history.values()))
    run = as_dict(summary.get("execution_summary"))
    return render_page(
        "daily.html",
        t,
        f"{t.day(date)} · {t('daily.report')}",
        demo=summary.get("source") == "demo",
        home="../index.html",
        neighbours=_build_neighbours(t, around),
        made_from=_write_made_from(t, lists, summary),
        files=around.files,
        sections=[
            Link("#changes", t("headings.changes")),
            *(Link(f"#{each.anchor}", each.heading) for each in listings),
            *(Link(f"#{each}", t.enum("headings", each)) for each in ("charts", "quality", "run")),
        ],
        date=date,
        figures=_build_figures(t, report, listings),
        found=found,
        problem=find_problem(t, found),
        listings=listings,
        move_kinds=("day", "week"),
        charts=build_daily_charts(t, date, popular, {**history, date: report}),
        run_figures=_build_run_figures(t, run),
        run=read_tasks(t, run),
    )


def _build_neighbours(t: Translator, around: Around) -> list[Link]:
    links = (
        ("prev", around.previous, daily_address, t.short_day),
        ("up", around.week, weekly_address, t.week),
        ("next", around.next, daily_address, t.short_day),
    )
    return [Link(f"../{at(day)}", write(day), each) for each, day, at, write in links if day]


def _write_made_from(t: Translator, lists: Mapping[str, Document], summary: Document) -> str:
    first = next(iter(lists.values()), {})
    collected_at = as_instant(as_dict(first.get("collection_info")).get("collected_at"))
    source = t.enum("source", summary.get("source"))
    return t("frame.made_from", at=t.instant(collected_at), source=source)


def _build_figures(t: Translator, report: Document, listings: Sequence[Listing]) -> list[Figure]:
    sizes = {each.name: len(each.rows) for each in listings}
    new, gone = (
        {each.name: each.parts[kind].count for each in listings if each.parts} for kind in (0, 1)
    )
    return [
        _sum_up(t, t("figures.movies"), sizes),
        _sum_up(t, t("figures.new"), new),
        _sum_up(t, t("figures.gone"), gone),
        build_score(t, report),
    ]


def _sum_up(t: Translator, name: str, counts: Mapping[str, int]) -> Figure:
    if not counts:
        return Figure(name, NO_VALUE, t("figures.since_missing"))
    remark = " · ".join(f"{each} {count}" for each, count in counts.items())
    return Figure(name, t.number(sum(counts.values())), remark)


def _build_run_figures(t: Translator, run: Document) -> list[Figure]:
    minutes, retries = as_float(run.get("duration_minutes")), as_int(run.get("retries"))
    seconds = None if minutes is None else 60 * minutes
    start, end = (t.clock(as_instant(run.get(key))) for key in ("start_time", "end_time"))
    span = t("figures.from_to", start=start, end=end)
    return [
        Figure(t("figures.duration"), t.seconds(seconds), span),
        Figure(
            t("figures.requests"),
            t.number(as_float(run.get("requests"))),
            "" if retries is None else t("figures.retries", n=retries),
        ),
        Figure(t("figures.received"), t.size(as_float(run.get("bytes_received")))),
    ]


def _build_listing(
    t: Translator,
    date: datetime.date,
    slug: str,
    document: Document,
    changes: Document,
    history: Reports,
    around: Around,
) -> Listing:
    day, week = date - _DAY, date - _WEEK
    movies, anchor = as_dicts(document.get("movies")), f"{slug}_movies"
    earlier: list[Ranks] = [read_ranks(history.get(each), slug) for each in (day, week)]
    gaps = (t("daily.day_missing", day=t.day(day)), t("daily.week_missing", day=t.day(week)))
    return Listing(
        t.list_name(slug),
        build_rows(t, movies, earlier, read_history(history, slug, date)),
        build_changes(t, movies, earlier[0], day, changes),
        t("figures.since", day=t.short_day(day)) if earlier[0] is not None else "",
        anchor,
        [gap for gap, ranks in zip(gaps, earlier, strict=True) if ranks is None],
        next((each for each in around.files if f"/{slug}_" in each), ""),
        t.enum("headings", anchor, default=t.list_name(slug)),
    )
