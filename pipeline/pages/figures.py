"""Parts that stand on more than one page: a figure at a glance, a chart with its table."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.pages import charts
from pipeline.pages.document import fragment
from pipeline.pages.language import Language

TREND_DAYS = 30


@dataclass(frozen=True)
class Figure:
    """One number with its name, a remark below it, and how it moved (more, less, same)."""

    name: str
    value: str
    remark: str = ""
    moved: str = ""
    moved_by: str = ""
    kind: str = ""


def chart(
    say: Language,
    caption: str,
    summary: str,
    drawing: str,
    heads: Sequence[str],
    rows: Sequence[Sequence[str]],
    note: str = "",
    parts: Sequence[str] = (),
    *,
    tall: bool = False,
) -> str:
    """Return a chart as a `figure`: the drawing, what it shows in words, its numbers as a table.

    `parts` names the colours in use, the first being the first series; a tall one may stand beside
    two others.
    """
    return fragment(
        "chart.html",
        say=say,
        caption=caption,
        summary=summary if rows else say("nothing_to_draw"),
        drawing=drawing if rows else "",
        heads=heads,
        rows=rows,
        note=note,
        parts=parts,
        tall=tall,
    )


def trend(
    say: Language,
    caption: str,
    date: datetime.date,
    values: Mapping[datetime.date, float | None],
    days: int = TREND_DAYS,
    *,
    percent: bool = False,
) -> str:
    """Draw one value from 0 to 100 a day up to `date`; days without one are gaps, and counted."""
    dates = [date - datetime.timedelta(days=back) for back in reversed(range(days))]
    drawn = [_within_100(values.get(each)) for each in dates]
    known = [value for value in drawn if value is not None]

    def written(value: float | None) -> str:
        return say.percent(value) if percent else say.number(value, 1)

    if not known:
        return chart(say, caption, "", "", (), ())
    gaps = len(drawn) - len(known)
    return chart(
        say,
        caption,
        say(
            "chart_trend_says",
            known=len(known),
            n=days,
            lowest=written(min(known)),
            highest=written(max(known)),
            last=written(known[-1]),
        ),
        charts.line(
            [f"{each.month}/{each.day}" for each in dates],
            drawn,
            lambda value: f"{value:.0f}%" if percent else f"{value:.0f}",
            _span(known, percent),
        ),
        (say("date"), say("share") if percent else say("score")),
        [
            (say.day(each), say("missing") if value is None else written(value))
            for each, value in zip(dates, drawn, strict=True)
        ],
        note=say("chart_trend_gaps", n=gaps) if gaps else "",
    )


def _within_100(value: float | None) -> float | None:
    return value if value is not None and 0 <= value <= 100 else None


def _span(known: Sequence[float], percent: bool) -> tuple[float, float]:
    if percent:
        return 0, min(100, max(20, 10 * int(max(known) // 10 + 1)))
    return max(0, 10 * int((min(known) - 5) // 10)), 100


def moved(say: Language, now: float | None, before: float | None) -> tuple[str, str]:
    """Return whether a figure is more, less or the same than the day before, and by how much."""
    if now is None or before is None:
        return "", ""
    difference = round(now - before, 1)
    kind = "up" if difference > 0 else "down" if difference < 0 else "same"
    return kind, say.number(abs(difference), 1)
