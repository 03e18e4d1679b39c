"""Charts drawn by pygal, as `svg` elements for a page.

Pygal's script, style sheet, comments with the date and random ids are left out. Colours and fonts
come from the page's style sheet, so that both colour schemes work, and the same numbers give the
same bytes.
"""

from __future__ import annotations

import math
import re
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import pygal
from pygal.style import Style
from tornado.escape import xhtml_escape

# Remove pygal's finder of map plug-ins: it lacks a method that Python expects of a finder, so that
# every later import that fails would cause a warning.
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

Row = tuple[str, float]

# Width of every drawing in its own units; the page scales it.
WIDTH = 460

_FONT_SIZE = 13

# The style sheet enlarges the font in narrow figures; margins leave room for that.
_MAX_FONT_SIZE = 17

_OMITTED_TAGS = {"defs", "title", "desc"}
_DECIMALS = re.compile(r"-?\d+\.\d+")
_MAX_TICKS = 5
_MAX_DAYS_BY_WEEK = 45
_SCRIPT_CLASSES = {"reactive", "tooltip-trigger", "always_show"}


def _write(value: float) -> str:
    return f"{value:,.0f}"


_OPTIONS: dict[str, Any] = {
    "style": Style(
        label_font_size=_FONT_SIZE,
        major_label_font_size=_FONT_SIZE,
        value_font_size=_FONT_SIZE,
    ),
    "css": [],
    "js": [],
    "classes": ["pygal-chart"],
    "width": WIDTH,
    "show_legend": False,
    "explicit_size": False,
    "margin_bottom": 4,
    "value_formatter": _write,
}


def draw_bars(rows: Sequence[Row]) -> str:
    """Draw a bar for each row, the first on top, its value at its end."""
    labels, values = _split(reversed(rows))
    chart = pygal.HorizontalBar(
        **_OPTIONS,
        height=8 + 25 * len(rows),
        margin_left=_margin_beside(labels),
        margin_right=10 + 9 * max(len(_write(value)) for value in values),
        margin_top=1,
        print_values=True,
        print_values_position="top",
        show_x_labels=False,
        show_x_guides=False,
        show_y_guides=False,
        range=(0, max(values) or 1),
    )
    return _draw(chart, labels, values)


def draw_stacked_bars(labels: Sequence[str], *series: Sequence[float]) -> str:
    """Draw one bar for each label, made of a part for each series."""
    chart = pygal.HorizontalStackedBar(
        **_OPTIONS,
        height=40 + 27 * len(labels),
        margin_left=_margin_beside(labels),
        margin_right=20,
        margin_top=1,
        show_x_guides=True,
        show_y_guides=False,
        max_scale=_MAX_TICKS,
        truncate_label=-1,
    )
    return _draw(chart, labels[::-1], *(values[::-1] for values in series))


def draw_columns(rows: Sequence[Row]) -> str:
    """Draw a column for each row, from left to right."""
    chart = pygal.Bar(
        **_OPTIONS,
        height=215,
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
    return _draw(chart, *_split(rows))


def draw_line(
    labels: Sequence[str], values: Sequence[float | None], span: tuple[float, float], unit: str = ""
) -> str:
    """Draw a line with gaps for None, and a label for each week, or every other one."""
    step = 7 if len(labels) <= _MAX_DAYS_BY_WEEK else 14
    chart = pygal.Line(
        **{**_OPTIONS, "value_formatter": lambda value: _write(value) + unit},
        height=195,
        allow_interruptions=True,
        margin_left=30,
        margin_right=24,
        margin_top=10,
        dots_size=2.2,
        range=span,
        y_labels=_choose_ticks(*span),
        show_minor_x_labels=False,
        truncate_label=-1,
    )
    chart.x_labels_major = labels[(len(labels) - 1) % step :: step]
    return _draw(chart, labels, values)


def draw_scatter(
    points: Iterable[tuple[float, float]],
    x_labels: Sequence[tuple[float, str]],
    span: tuple[float, float],
) -> str:
    """Draw points; duplicates are drawn once."""
    chart = pygal.XY(
        **_OPTIONS,
        height=320,
        stroke=False,
        margin_left=24,
        margin_right=20,
        margin_top=10,
        dots_size=2.2,
        range=span,
        y_labels=_choose_ticks(*span),
        xrange=(x_labels[0][0], x_labels[-1][0]),
        show_x_guides=True,
        truncate_label=-1,
    )
    labels = [{"label": label, "value": value} for value, label in x_labels]
    return _draw(chart, labels, sorted({(round(x, 2), round(y, 1)) for x, y in points}))


def _split(rows: Iterable[Row]) -> tuple[list[str], list[float]]:
    pairs = list(rows)
    return [label for label, _ in pairs], [value for _, value in pairs]


def _draw(chart: Any, labels: Sequence[Any], *series: Sequence[Any]) -> str:
    """Return a chart of series as an `svg` element that screen readers skip."""
    chart.x_labels = labels
    for values in series:
        chart.add("", values)
    root = chart.render_tree()
    inner = "".join(_to_markup(child) for child in root)
    box = xhtml_escape(root.attrib["viewBox"])
    return f'<svg class="pygal-chart" viewBox="{box}" aria-hidden="true">{inner}</svg>'


def _to_markup(element: Any) -> str:
    tag = element.tag
    if not isinstance(tag, str) or tag in _OMITTED_TAGS or not _is_shown(element):
        return ""
    attributes = "".join(
        f' {name}="{xhtml_escape(_shorten(name, value))}"'
        for name, value in element.attrib.items()
        if value and name not in ("id", "rx", "ry") and not name.startswith("{")
    )
    inner = xhtml_escape(element.text or "") + "".join(_to_markup(child) for child in element)
    if tag == "g" and not inner:
        return ""
    return f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _is_shown(element: Any) -> bool:
    classes = set(element.attrib.get("class", "").split())
    return not classes & {"background", "tooltip", "tooltip-overlay"}


def _shorten(name: str, value: str) -> str:
    if name == "class":
        return " ".join(each for each in value.split() if each not in _SCRIPT_CLASSES)
    return _DECIMALS.sub(lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)


def _margin_beside(labels: Sequence[str]) -> int:
    """Return the margin that the labels of bars need in addition to pygal's own."""
    needed = max((_text_width(label) for label in labels), default=0) * _MAX_FONT_SIZE
    reserved = max((len(label) for label in labels), default=0) * 0.6 * _FONT_SIZE
    return max(4, math.ceil(needed - reserved) + 4)


def _text_width(text: str) -> float:
    """Return the width of a text in font sizes; a Korean letter is as wide as high."""
    return sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.56 for sign in text)


def _choose_ticks(low: float, high: float) -> list[float]:
    """Return round values from low to high, at most six."""
    for step in (1, 2, 5, 10, 20, 25, 50, 100):
        if (high - low) / step <= _MAX_TICKS:
            break
    first = math.ceil(low / step) * step
    return [float(first + step * count) for count in range(int((high - first) // step) + 1)]
