"""Parts that stand on more than one page: key figures, and charts with their tables."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_float
from pipeline.pages.i18n import Translator
from pipeline.pages.render import render

# Days of the trends on the page of a day.
TREND_DAYS = 30


class Figure(NamedTuple):
    """A key figure: its name, its value, a remark, and how it moved (up, down or same)."""

    name: str
    value: str
    remark: str = ""
    moved: str = ""
    moved_by: str = ""


def find_median(values: Sequence[float]) -> float | None:
    """Return the median; None if there is no value."""
    return statistics.median(values) if values else None


def read_score(report: Document) -> float | None:
    """Return the quality score of a report."""
    return as_float(report.get("overall_quality_score"))


def build_score(t: Translator, score: float | None, before: float | None = None) -> Figure:
    """Return the quality score as a figure, compared with an earlier one if there is one."""
    return Figure(
        t("figures.quality_score"),
        t.number(score, 1),
        t("figures.of_100"),
        *_compare(t, score, before),
    )


def build_validation_rate(t: Translator, report: Document, before: Document) -> Figure:
    """Return the validation rate of a report, compared with that of an earlier one."""
    rate, earlier = (as_float(each.get("validation_rate")) for each in (report, before))
    passed, total = (
        t.number(as_float(report.get(f"total_movies_{each}"))) for each in ("passed", "validated")
    )
    return Figure(
        t("figures.validation_rate"),
        t.percent(rate),
        t("figures.valid_of", passed=passed, total=total),
        *_compare(t, rate, earlier),
    )


def _compare(t: Translator, now: float | None, before: float | None) -> tuple[str, str]:
    """Return whether a figure is up, down or the same, and by how much."""
    if now is None or before is None:
        return "", ""
    difference = round(now - before, 1)
    moved = "up" if difference > 0 else "down" if difference < 0 else "same"
    return moved, t.number(abs(difference), 1)


def render_chart(
    t: Translator,
    caption: str,
    summary: str = "",
    drawing: str = "",
    heads: Sequence[str] = (),
    rows: Sequence[Sequence[str]] = (),
    note: str = "",
    parts: Sequence[str] = (),
    *,
    tall: bool = False,
) -> str:
    """Return a chart as a `figure` element; without rows it says that there is nothing to draw.

    `summary` says in words what the drawing shows; `heads` and `rows` are its numbers as a table;
    `parts` names its series in the order of their colours; a tall one may stand beside two others.
    """
    return render(
        "chart.html",
        t=t,
        caption=caption,
        summary=summary if rows else t("frame.nothing_to_draw"),
        drawing=drawing if rows else "",
        heads=heads,
        rows=rows,
        note=note,
        parts=parts,
        tall=tall,
    )


def render_trend(
    t: Translator,
    caption: str,
    date: datetime.date,
    values: Mapping[datetime.date, float | None],
    days: int = TREND_DAYS,
    *,
    percent: bool = False,
) -> str:
    """Draw a value from 0 to 100 for each of the days up to `date`; gaps are left open."""
    dates = [date - datetime.timedelta(days=back) for back in reversed(range(days))]
    points = [_within_100(values.get(each)) for each in dates]
    known = [value for value in points if value is not None]
    if not known:
        return render_chart(t, caption)

    def write(value: float) -> str:
        return t.percent(value) if percent else t.number(value, 1)

    gaps = len(points) - len(known)
    lowest, highest, last = (write(each) for each in (min(known), max(known), known[-1]))
    return render_chart(
        t,
        caption,
        t("charts.trend_says", known=len(known), n=days, lowest=lowest, highest=highest, last=last),
        charts.draw_line(
            [f"{each.month}/{each.day}" for each in dates],
            points,
            _choose_span(known, percent),
            unit="%" if percent else "",
        ),
        (t("charts.date"), t("charts.share") if percent else t("charts.score")),
        [
            (t.day(each), t("frame.missing") if value is None else write(value))
            for each, value in zip(dates, points, strict=True)
        ],
        note=t("charts.trend_gaps", n=gaps) if gaps else "",
    )


def _within_100(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 100 else None


def _choose_span(known: Sequence[float], percent: bool) -> tuple[float, float]:
    if percent:
        return 0, min(100, max(20, 10 * int(max(known) // 10 + 1)))
    return max(0, 10 * int((min(known) - 5) // 10)), 100
