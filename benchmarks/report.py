"""What the benchmarks share for writing: tables between markers, raw figures, charts.

Charts are SVG files that load nothing. They bear a background of their own and follow the reader's
colour scheme, so that they can be read on any page. The same figures give the same bytes.
"""

from __future__ import annotations

import html
import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent
PAGE = REPOSITORY / "docs" / "benchmarks.md"
RESULTS = Path(__file__).parent / "results"

WIDTH = 860
_COLOURS = ("one", "two", "three", "four", "five")
_STYLE = (
    "svg{--paper:#ffffff;--ink:#1f2328;--faint:#d0d7de;--one:#0969da;--two:#bf5b04;--three:#1a7f37;"
    "--four:#8250df;--five:#6e7781;font:13px system-ui,sans-serif}"
    "@media(prefers-color-scheme:dark){svg{--paper:#0d1117;--ink:#e6edf3;--faint:#30363d;"
    "--one:#58a6ff;--two:#f0883e;--three:#3fb950;--four:#bc8cff;--five:#9198a1}}"
    "text{fill:var(--ink)}.faint{stroke:var(--faint)}"
)


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
    left = 20 + 8 * max(map(len, labels))
    scale = (WIDTH - left - 70) / (max(map(max, series.values())) or 1)
    height = 18 * len(series) + 8
    drawn = []
    for row, label in enumerate(labels):
        middle = 54 + height * (row + 0.5)
        drawn.append(_text(left - 8, middle, label, "end"))
        for number, values in enumerate(series.values()):
            y, width = 50 + height * row + 18 * number, values[row] * scale
            drawn.append(
                f'<rect x="{left}" y="{y}" width="{width:.1f}" height="15" {_fill(number)}/>'
            )
            drawn.append(_text(left + width + 6, y + 12, f"{values[row]:.2f}"))
    _write(path, title, 60 + height * len(labels), drawn, list(series))


def line_chart(
    path: Path,
    title: str,
    x_title: str,
    xs: Sequence[float],
    series: Mapping[str, Sequence[float]],
) -> None:
    """Draw lines on two logarithmic scales, where what grows linearly is straight and steady."""
    every = [value for values in series.values() for value in values]
    ticks = _ticks(min(every), max(every))
    left, right, top, bottom = 80, WIDTH - 40, 50, 320

    def across(x: float) -> float:
        return left + (right - left) * math.log(x / xs[0]) / (math.log(xs[-1] / xs[0]) or 1)

    def up(y: float) -> float:
        return bottom - (bottom - top) * math.log(y / ticks[0]) / math.log(ticks[-1] / ticks[0])

    drawn = [_text((left + right) / 2, bottom + 42, x_title, "middle")]
    for tick in ticks:
        drawn.append(f'<path class="faint" d="M{left} {up(tick):.1f}H{right}"/>')
        drawn.append(_text(left - 8, up(tick) + 4, f"{round(tick, 2):,g}", "end"))
    drawn += [_text(across(x), bottom + 20, f"{x:,.0f}", "middle") for x in xs]
    for number, values in enumerate(series.values()):
        points = [(across(x), up(value)) for x, value in zip(xs, values, strict=True)]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        colour = f"var(--{_COLOURS[number]})"
        drawn.append(f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" {_fill(number)}/>' for x, y in points]
    _write(path, title, bottom + 50, drawn, list(series))


def _ticks(lowest: float, highest: float) -> list[float]:
    """Return 1, 2, 5, 10 and so on around both, or the powers of ten alone where that is much."""
    tens = range(math.floor(math.log10(lowest)), math.ceil(math.log10(highest)) + 1)
    steps = (1, 2, 5) if len(tens) < 4 else (1,)
    ticks = [step * 10.0**ten for ten in tens for step in steps]
    below = max((tick for tick in ticks if tick <= lowest * 1.001), default=ticks[0])
    above = min((tick for tick in ticks if tick >= highest * 0.999), default=ticks[-1])
    return [tick for tick in ticks if below <= tick <= above] if below < above else ticks


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _fill(number: int) -> str:
    return f'fill="var(--{_COLOURS[number]})"'


def _write(path: Path, title: str, height: float, drawn: list[str], names: list[str]) -> None:
    """Write a drawing below its title, with the names of its series at the bottom."""
    x, y, legend = 20.0, height + 14, []
    for number, name in enumerate(names):
        legend.append(f'<rect x="{x}" y="{y - 11}" width="12" height="12" {_fill(number)}/>')
        legend.append(_text(x + 18, y, name))
        x += 44 + 7 * len(name)
    heading = f'<text x="{WIDTH / 2:.0f}" y="26" text-anchor="middle" font-size="16">'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 30:.0f}">',
        f"<style>{_STYLE}</style>",
        '<rect width="100%" height="100%" fill="var(--paper)"/>',
        f"{heading}{html.escape(title)}</text>",
        *drawn, *legend, "</svg>",
    ]  # fmt: skip
    path.write_text("\n".join(parts) + "\n", encoding="utf-8")
