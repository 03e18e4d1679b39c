"""What the benchmarks share for writing: tables between markers, raw figures, charts.

Charts are SVG files that load nothing. They bear a background of their own and follow the reader's
colour scheme, so that they can be read on any page. The same figures give the same bytes.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pygal
from pygal.style import Style

# As in pipeline/pages/charts.py: pygal's finder lacks what Python asks of one, and warns
sys.meta_path[:] = [each for each in sys.meta_path if type(each).__module__ != "pygal"]

REPOSITORY = Path(__file__).parent.parent
PAGE = REPOSITORY / "docs" / "benchmarks.md"
RESULTS = Path(__file__).parent / "results"

_SCHEMES = (
    "svg{--paper:#ffffff;--ink:#1f2328;--faint:#d0d7de;--one:#0969da;--two:#bf5b04;--three:#1a7f37;"
    "--four:#8250df;--five:#6e7781}"
    "@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--faint:#30363d;"
    "--one:#58a6ff;--two:#f0883e;--three:#3fb950;--four:#bc8cff;--five:#9198a1}}"
    ".text-overlay text.value{text-anchor:start;transform:translateX(5px)}"
    ".series .line{stroke-width:2}"
)
_COLOURS = tuple(f"var(--{name})" for name in ("one", "two", "three", "four", "five"))
_STYLE = Style(
    background="var(--paper)",
    plot_background="var(--paper)",
    foreground="var(--ink)",
    foreground_strong="var(--ink)",
    foreground_subtle="var(--ink)",
    guide_stroke_color="var(--faint)",
    major_guide_stroke_color="var(--faint)",
    colors=_COLOURS,
    value_colors=("var(--ink)",) * len(_COLOURS),
    opacity="1",
    font_family="system-ui, sans-serif",
    title_font_size=16,
    label_font_size=13,
    major_label_font_size=13,
    legend_font_size=13,
    value_font_size=12,
)
_LEFT_OUT = re.compile(r"<script.*?</script>|<!--.*?-->|<desc .*?</desc>", re.DOTALL)
_DECIMALS = re.compile(r"-?\d+\.\d{3,}")


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the lines of a Markdown table; all columns but the first are figures."""
    rule = "|".join(["---", *["---:"] * (len(header) - 1)])
    return [_line(header), f"|{rule}|", *map(_line, rows)]


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def replace_block(name: str, lines: Sequence[str], page: Path = PAGE) -> None:
    """Put the lines between `<!-- name: begin -->` and `<!-- name: end -->` of the page.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, found, rest = page.read_text(encoding="utf-8").partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"{page} has no block named {name}.")
    text = "\n".join(["", *lines, "", ""])
    page.write_text(f"{before}{begin}{text}{end}{after}", encoding="utf-8")


def store(name: str, figures: Mapping[str, Any]) -> None:
    """Keep raw figures as `results/name.json`."""
    RESULTS.mkdir(exist_ok=True)
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")


def stored(name: str) -> dict[str, Any]:
    """Return what was kept under that name; nothing where nothing was."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return {}
    figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return figures


def circumstances(command: str) -> str:
    """Return when, with what and by which command was measured, as one sentence."""
    packages = ", ".join(f"{each} {version(each)}" for each in ("luigi", "tmdb-pipeline"))
    return (
        f"{date.today()}, `{command}`, Python {platform.python_version()}, {packages}, "
        f"{os.cpu_count()} cores."
    )


def bar_chart(
    path: Path, title: str, labels: Sequence[str], series: Mapping[str, Sequence[float]]
) -> None:
    """Draw horizontal bars, the first label on top, each with its value at its end."""
    chart = pygal.HorizontalBar(
        **_look(title, height=90 + 38 * len(labels)),
        print_values=True,
        print_values_position="top",
        value_formatter=lambda value: f"{value:.2f}",
        show_x_guides=False,
        show_y_guides=False,
        show_x_labels=False,
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        margin_right=50,
    )
    chart.x_labels = list(reversed(labels))
    for name, values in series.items():
        chart.add(name, list(reversed(values)))
    _write(path, chart)


def line_chart(
    path: Path,
    title: str,
    x_title: str,
    xs: Sequence[float],
    series: Mapping[str, Sequence[float]],
) -> None:
    """Draw lines on two logarithmic scales, where what grows linearly is straight and steady."""
    highest = max(value for values in series.values() for value in values)
    lowest = min(value for values in series.values() for value in values)
    chart = pygal.XY(
        **_look(title, height=380),
        x_title=x_title,
        x_value_formatter=lambda value: f"{10**value:,.0f}",
        value_formatter=lambda value: f"{round(10**value, 2):,g}",
        legend_at_bottom=True,
        legend_at_bottom_columns=len(series),
        dots_size=3,
        truncate_label=-1,
    )
    chart.x_labels = [math.log10(x) for x in xs]
    chart.y_labels = [math.log10(tick) for tick in _ticks(lowest, highest)]
    for name, values in series.items():
        points = zip(map(math.log10, xs), map(math.log10, values), strict=True)
        chart.add(name, list(points))
    _write(path, chart)


def _ticks(lowest: float, highest: float) -> list[float]:
    """Return 1, 2, 5, 10 and so on around both, or the powers of ten alone where that is much."""
    tens = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    steps = (1, 2, 5) if len(tens) < 4 else (1,)
    ticks = [step * 10.0**ten for ten in tens for step in steps]
    below = max((tick for tick in ticks if tick <= lowest * 1.001), default=ticks[0])
    above = min((tick for tick in ticks if tick >= highest * 0.999), default=ticks[-1])
    return [tick for tick in ticks if below <= tick <= above]


def _look(title: str, height: int) -> dict[str, Any]:
    return {
        "title": title,
        "width": 860,
        "height": height,
        "style": _STYLE,
        "css": ("file://style.css", "file://graph.css", f"inline:{_SCHEMES}"),
        "js": (),
        "no_prefix": True,
        "disable_xml_declaration": True,
        "truncate_legend": -1,
    }


def _write(path: Path, chart: pygal.Graph) -> None:
    drawn = _LEFT_OUT.sub("", chart.render(is_unicode=True))
    drawn = _DECIMALS.sub(lambda found: f"{float(found[0]):.2f}", drawn)
    path.write_text(drawn.replace(' id=""', "").strip() + "\n", encoding="utf-8")
