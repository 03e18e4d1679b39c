"""Charts by pygal, made fit to stand inside a page.

What pygal writes around its drawing is left out: script, style sheet, comments with the date, ids
by chance. Colours and letters come from the page's style sheet, so that both schemes work, and the
same numbers give the same bytes.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pygal
from pygal.style import Style
from tornado.escape import xhtml_escape

sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]
"""Without pygal's finder of plug-ins for maps: it lacks what Python asks of one, and every import
that fails afterwards would be warned of."""

Row = tuple[str, float]
Formatter = Callable[[float], str]

WIDTH = 460
"""Of every drawing, in its own units; the page scales it."""

_LETTER = 13
_LARGEST_LETTER = 17
"""Letters grow in narrow figures, and the margins leave room for that."""

_LEFT_OUT = {"defs", "title", "desc"}
_DECIMALS = re.compile(r"-?\d+\.\d+")
_MOST_TICKS = 5
_LONGEST_BY_WEEK = 45


def bars(rows: Sequence[Row], written: Formatter) -> str:
    """Draw a bar for each row, the first on top, its value at its end."""
    labels = [label for label, _ in reversed(rows)]
    room = max((len(written(value)) for _, value in rows), default=1)
    chart = pygal.HorizontalBar(
        **_look(height=8 + 25 * len(rows), value_formatter=written),
        margin_left=_beside(labels),
        margin_right=10 + 9 * room,
        margin_top=1,
        print_values=True,
        print_values_position="top",
        show_x_labels=False,
        show_x_guides=False,
        show_y_guides=False,
        range=(0, max((value for _, value in rows), default=0) or 1),
    )
    chart.x_labels = labels
    chart.add("", [value for _, value in reversed(rows)])
    return drawing(chart)


def stacked_bars(labels: Sequence[str], series: Sequence[tuple[str, Sequence[float]]]) -> str:
    """Draw one bar for each label, made of a part for each series."""
    chart = pygal.HorizontalStackedBar(
        **_look(height=40 + 27 * len(labels), value_formatter=_plain),
        margin_left=_beside(labels),
        margin_right=20,
        margin_top=1,
        show_x_guides=True,
        show_y_guides=False,
        max_scale=_MOST_TICKS,
        truncate_label=-1,
    )
    chart.x_labels = list(reversed(labels))
    for name, values in series:
        chart.add(name, list(reversed(values)))
    return drawing(chart)


def columns(rows: Sequence[Row], written: Formatter) -> str:
    """Draw a column for each row, from left to right."""
    chart = pygal.Bar(
        **_look(height=215, value_formatter=written),
        margin_left=16,
        margin_right=6,
        margin_top=14,
        print_values=True,
        print_values_position="top",
        print_zeroes=False,
        show_y_labels=False,
        show_y_guides=False,
        truncate_label=-1,
    )
    chart.x_labels = [label for label, _ in rows]
    chart.add("", [value for _, value in rows])
    return drawing(chart)


def line(
    labels: Sequence[str],
    values: Sequence[float | None],
    written: Formatter,
    span: tuple[float, float],
) -> str:
    """Draw a line that is broken where a value is None, with a label a week, or a fortnight."""
    step = 7 if len(labels) <= _LONGEST_BY_WEEK else 14
    first_written = (len(labels) - 1) % step
    chart = pygal.Line(
        **_look(height=195, value_formatter=written),
        allow_interruptions=True,
        margin_left=30,
        margin_right=24,
        margin_top=10,
        dots_size=2.2,
        range=span,
        y_labels=_ticks(*span),
        show_minor_x_labels=False,
        truncate_label=-1,
    )
    chart.x_labels = list(labels)
    chart.x_labels_major = list(labels[first_written::step])
    chart.add("", list(values))
    return drawing(chart)


def scatter(
    points: Iterable[tuple[float, float]],
    x_labels: Sequence[tuple[float, str]],
    span: tuple[float, float],
) -> str:
    """Draw points; those that would lie on one another are drawn once."""
    places = sorted({(round(x, 2), round(y, 1)) for x, y in points})
    chart = pygal.XY(
        **_look(height=320, value_formatter=_plain),
        stroke=False,
        margin_left=24,
        margin_right=20,
        margin_top=10,
        dots_size=2.2,
        range=span,
        y_labels=_ticks(*span),
        xrange=(x_labels[0][0], x_labels[-1][0]),
        show_x_guides=True,
        truncate_label=-1,
    )
    chart.x_labels = [{"label": label, "value": value} for value, label in x_labels]
    chart.add("", places)
    return drawing(chart)


def drawing(chart: Any) -> str:
    """Return the chart as an `svg` element that is hidden from screen readers' walk inside it."""
    root = chart.render_tree()
    inner = "".join(_markup(child) for child in root)
    box = xhtml_escape(root.attrib["viewBox"])
    return f'<svg class="pygal-chart" viewBox="{box}" aria-hidden="true">{inner}</svg>'


def _look(height: int, value_formatter: Formatter) -> dict[str, Any]:
    style = Style(
        label_font_size=_LETTER,
        major_label_font_size=_LETTER,
        value_font_size=_LETTER,
    )
    return {
        "style": style,
        "css": [],
        "js": [],
        "classes": ["pygal-chart"],
        "width": WIDTH,
        "height": height,
        "show_legend": False,
        "explicit_size": False,
        "margin_bottom": 4,
        "value_formatter": value_formatter,
    }


def _markup(element: Any) -> str:
    tag = element.tag
    if not isinstance(tag, str) or tag in _LEFT_OUT or not _is_seen(element):
        return ""
    attributes = "".join(
        f' {name}="{xhtml_escape(_shortened(name, value))}"'
        for name, value in element.attrib.items()
        if value and name not in ("id", "rx", "ry") and not name.startswith("{")
    )
    inner = xhtml_escape(element.text or "") + "".join(_markup(child) for child in element)
    if tag == "g" and not inner:
        return ""
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _is_seen(element: Any) -> bool:
    classes = set(element.attrib.get("class", "").split())
    return not classes & {"background", "tooltip", "tooltip-overlay"}


def _shortened(name: str, value: str) -> str:
    if name == "class":
        return " ".join(each for each in value.split() if each not in _CLASSES_OF_THE_SCRIPT)
    return _DECIMALS.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)


_CLASSES_OF_THE_SCRIPT = {"reactive", "tooltip-trigger", "always_show"}


def _beside(labels: Sequence[str]) -> int:
    """Return the margin that labels beside bars need on top of what pygal gives them."""
    wanted = max((_width(label) for label in labels), default=0) * _LARGEST_LETTER
    given = max((len(label) for label in labels), default=0) * 0.6 * _LETTER
    return max(4, math.ceil(wanted - given) + 4)


def _width(text: str) -> float:
    """Return the width of a text in letters' heights; a Korean letter is as wide as high."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.56 for sign in text)


def _ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, at most six."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100):
        if (high - low) / step <= _MOST_TICKS:
            break
    first = math.ceil(low / step) * step
    return [float(first + step * count) for count in range(int((high - first) // step) + 1)]


def _plain(value: float) -> str:
    return f"{value:,.0f}"
