"""Figures of a report, and charts with their numbers as a table."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.pages import charts
from pipeline.pages.coerce import Document, as_float
from pipeline.pages.i18n import Translator

# Days of the trends on the page of a day.
TREND_DAYS = 30

DAY, WEEK = datetime.timedelta(days=1), datetime.timedelta(days=7)


@dataclass(frozen=True)
class Figure:
    """A key figure: its name, its value, and a remark."""

    name: str
    value: str
    remark: str = ""


@dataclass(frozen=True)
class Chart:
    """A chart, what it shows in words, and its numbers as a table; without rows it is empty."""

    caption: str
    summary: str = ""
    drawing: str = ""
    heads: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    note: str = ""


def find_median(values: Iterable[float | None]) -> float | None:
    """Return the median of the values that are there; None if there is none."""
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def read_score(report: Document) -> float | None:
    """Return the quality score of a report."""
    value = as_float(report.get("overall_quality_score"))
    return value if value is not None and 0 <= value <= 100 else None


def build_score(t: Translator, report: Document) -> Figure:
    """Return the quality score of a report, with the number of valid movies."""
    passed, total = (
        t.number(as_float(report.get(f"total_movies_{each}"))) for each in ("passed", "validated")
    )
    remark = t("figures.valid_of", passed=passed, n=total)
    return Figure(t("figures.quality_score"), t.number(read_score(report), 1), remark)


def build_trend(
    t: Translator,
    caption: str,
    date: datetime.date,
    values: Mapping[datetime.date, float | None],
    count: int = TREND_DAYS,
    *,
    percent: bool = False,
    highest: float | None = None,
    unit: datetime.timedelta = DAY,
) -> Chart:
    """Draw a value from 0 to 100 for each of the days or weeks up to `date`; gaps are left open.

    Charts of percentages that are to have the same axis have the same `highest` value.
    """
    dates = [date - back * unit for back in reversed(range(count))]
    points = [values.get(each) for each in dates]
    known = [value for value in points if value is not None]
    if not known:
        return Chart(caption)

    def write(value: float) -> str:
        return t.percent(value) if percent else t.number(value, 1)

    low, high, last = (write(each) for each in (min(known), max(known), known[-1]))
    span, gaps = "days" if unit == DAY else "weeks", len(points) - len(known)
    key = f"{span}_{'same' if low == high else 'says'}"
    return Chart(
        caption,
        t.enum("trend", key, known=len(known), n=count, lowest=low, highest=high, last=last),
        charts.draw_line(
            [t.axis_day(each) for each in dates],
            points,
            (0, min(100, max(20, 10 * int((highest or max(known)) // 10 + 1))))
            if percent
            else (max(0, 10 * int((min(known) - 5) // 10)), 100),
            unit="%" if percent else "",
        ),
        (t("charts.date"), t("charts.share") if percent else t("charts.score")),
        [
            (t.day(each), t("frame.missing") if value is None else write(value))
            for each, value in zip(dates, points, strict=True)
        ],
        note=t.enum("trend", f"{span}_gaps", n=gaps) if gaps else "",
    )
