"""Charts as `svg` elements of a page: bars, a line, and the small line of a table row.

Colours and fonts come from the page's style sheet, so that both colour schemes work, and the same
numbers give the same bytes. Screen readers skip a drawing: beside it stand a sentence and a table.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from tornado.escape import xhtml_escape

# Width of a chart in its own units; the page scales it.
WIDTH = 460

# The largest font of the style sheet, which it uses in narrow figures.
_MAX_FONT_SIZE = 16
_MAX_TICKS = 5
_MAX_LABELS, _MAX_WEEKS = 7, 26
_MAX_DAYS_BY_WEEK = 45
_RANK_TICKS = (1, 3, 10, 30, 100, 300, 1000)
_SPARK_WIDTH, _SPARK_HEIGHT = 84, 26

# A point of a line; None is a gap.
Point = tuple[float, float] | None


def draw_bars(bars: Mapping[str, float]) -> str:
    """Draw a bar for each label, the first on top, with its length at its end."""
    left = 8 + max(map(_text_width, bars))
    scale = (WIDTH - left - 8 - max(_text_width(_write(n)) for n in bars.values())) / (
        max(bars.values()) or 1
    )
    drawn = []
    for number, (label, length) in enumerate(bars.items()):
        y, width = 25 * number, length * scale
        drawn += [
            _text(left - 7, y + 17, label, "end"),
            f'<rect x="{left}" y="{y + 3}" width="{_short(width)}" height="18"/>',
            _text(left + width + 5, y + 17, _write(length), "start"),
        ]
    return _svg(WIDTH, 25 * len(bars), drawn)


def draw_line(
    labels: Sequence[str], values: Sequence[float | None], span: tuple[float, float], unit: str = ""
) -> str:
    """Draw a line with gaps for None over the labels of its days, of which some are written."""
    low, high = span
    height = (high - low) or 1
    return _draw_days(
        labels,
        [None if value is None else (value - low) / height for value in values],
        {_write(tick) + unit: (tick - low) / height for tick in _choose_ticks(low, high)},
    )


def draw_ranks(labels: Sequence[str], ranks: Sequence[int | None], size: int) -> str:
    """Draw the ranks in a list of that size over the labels of its days, the first rank on top.

    The scale is logarithmic: a step counts more near the top.
    """
    ticks = [tick for tick in _RANK_TICKS if tick <= size]
    return _draw_days(
        labels,
        [None if rank is None else 1 - _scale_rank(rank, size) for rank in ranks],
        {_write(tick): 1 - _scale_rank(tick, size) for tick in ticks},
    )


def draw_sparkline(ranks: Sequence[int | None], size: int) -> str:
    """Draw the ranks in a list of that size from left to right, the first rank on top.

    The scale is logarithmic: a step counts more near the top.
    """
    across = (_SPARK_WIDTH - 6) / max(len(ranks) - 1, 1)
    down = _SPARK_HEIGHT - 6
    points: list[Point] = [
        None if rank is None else (3 + number * across, 3 + _scale_rank(rank, size) * down)
        for number, rank in enumerate(ranks)
    ]
    return _svg(_SPARK_WIDTH, _SPARK_HEIGHT, [_path(points)], "spark")


def _draw_days(
    labels: Sequence[str], heights: Sequence[float | None], ticks: Mapping[str, float]
) -> str:
    """Draw a line of heights from 0 to 1, with a guide for each tick and some of the labels.

    More than 26 of them are days, with a label every few weeks. Each of a few points has a dot.
    """
    left, right, top, bottom = 44, WIDTH - 26, 10, 160
    across, down = (right - left) / max(len(heights) - 1, 1), bottom - top
    drawn = []
    for tick, height in ticks.items():
        y = bottom - height * down
        drawn += [_line(left, y, right, y), _text(left - 7, y + 4, tick, "end")]
    step = math.ceil(len(labels) / _MAX_LABELS)
    if len(labels) > _MAX_WEEKS:
        step = 7 * math.ceil(len(labels) / _MAX_DAYS_BY_WEEK)
    for number in range((len(labels) - 1) % step, len(labels), step):
        drawn.append(_text(left + number * across, bottom + 19, labels[number], "middle"))
    points: list[Point] = [
        None if height is None else (left + number * across, bottom - height * down)
        for number, height in enumerate(heights)
    ]
    has_dots = len(labels) <= _MAX_DAYS_BY_WEEK
    return _svg(WIDTH, bottom + 24, [*drawn, _path(points, dots=has_dots)])


def _scale_rank(rank: int, size: int) -> float:
    """Return where a rank lies from the first, at 0, to the last of a list, at 1."""
    size = max(size, 2)
    return math.log(min(rank, size)) / math.log(size)


def _svg(width: float, height: float, drawn: Iterable[str], name: str = "drawn") -> str:
    box = f"0 0 {_short(width)} {_short(height)}"
    return f'<svg class="{name}" viewBox="{box}" aria-hidden="true">{"".join(drawn)}</svg>'


def _text(x: float, y: float, text: str, anchor: str) -> str:
    place = f'x="{_short(x)}" y="{_short(y)}" text-anchor="{anchor}"'
    return f"<text {place}>{xhtml_escape(text)}</text>" if text else ""


def _line(x: float, y: float, to_x: float, to_y: float) -> str:
    return f'<path class="guide" d="M{_short(x)} {_short(y)} {_short(to_x)} {_short(to_y)}"/>'


def _path(points: Sequence[Point], *, dots: bool = False) -> str:
    """Return a line through the points, with gaps, and a dot on each or on the last one."""
    steps, before = [], None
    for point in points:
        if point:
            place = f"{_short(point[0])} {_short(point[1])}"
            steps.append(f"L{place}" if before else f"M{place}h0")  # h0: one point is a dot
        before = point
    known = [point for point in points if point]
    circles = "".join(
        f'<circle cx="{_short(x)}" cy="{_short(y)}" r="2.2"/>'
        for x, y in (known if dots else known[-1:])
    )
    return f'<path class="series" d="{"".join(steps)}"/>{circles}'


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _write(value: float) -> str:
    return f"{value:,.0f}"


def _text_width(text: str) -> float:
    """Return the width of a text in the largest font; a Korean letter is as wide as high."""
    signs = (1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.58 for sign in text)
    return math.ceil(_MAX_FONT_SIZE * sum(signs))


def _choose_ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, at most six."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100):
        if (high - low) / step <= _MAX_TICKS:
            break
    first = math.ceil(low / step) * step
    return [float(first + step * count) for count in range(int((high - first) // step) + 1)]
