"""How time and memory grow: with movies, with lists, with days in the data root, with workers.

    make bench-growth
    python benchmarks/growth.py [--only movies,lists,days,workers] [--sizes 2] [--write]

Each size is a data root of its own (benchmarks/roots.py), each figure that of a whole process:
seconds are the median of three runs, memory the most of all its processes in a further one. An
exponent fitted on log-log tells the growth: 1.0 is linear. The one of the last step tells it where
the start of the process no longer hides it; whichever is above 1.1 is marked. The largest size of
"movies" is the most that TMDB serves; it has to keep to `TARGETS`.

`--write` keeps the figures in benchmarks/results/growth.json, draws docs/benchmarks-growth-*.svg
and puts the tables of all curves that are kept into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime
import math
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import report
from process import Measured, clean_environment, measured
from report import REPOSITORY
from roots import make_days, make_week
from server import KEY, Api, serving

REPEATS = 3
WORSE = 1.1
LONGEST_SECONDS = 3600
TODAY = datetime.date.today()
YESTERDAY = TODAY - datetime.timedelta(days=1)
NOWHERE = "http://127.0.0.1:9"
"""No server: whatever is measured there must not ask anything."""

# Rows of the most that TMDB serves in a week: 500 pages of each of 19 genres and of the top rated.
MAX_ROWS = 200_000
MAX_LISTS = 20

SIZES = {
    "movies": [2_000, 20_000, 60_000, MAX_ROWS],
    "lists": [10, 50, 100, 250, 500],
    "days": [7, 70, 365, 3650],
    "workers": [1, 2, 4, 8],
}
ROWS_OF_LISTS = 20_000
WHAT = {
    "movies": f"Rows in {MAX_LISTS} lists of a week, checked and merged; nothing is requested. "
    f"TMDB serves {MAX_ROWS:,} at most.",
    "lists": f"Lists of a week with {ROWS_OF_LISTS:,} rows in all, checked and merged.",
    "days": "Days that are finished in the data root.",
    "workers": "Workers of a week, collected from the API, checked and merged.",
}
# The most that the largest size of a curve may take.
TARGETS = {"movies": {"seconds": 30.0, "mb": 600.0}}

Figures = dict[str, dict[str, list[float]]]
"""Of each command: `seconds`, `cpu` and `mb`, one figure a size."""


class Bench:
    """Runs commands in one folder and keeps what they took."""

    def __init__(self, folder: Path, url: str = NOWHERE, key: str = KEY) -> None:
        self.folder = folder
        self.data = folder / "data"
        configuration = folder / "luigi.cfg"
        configuration.write_text(f"[core]\nscheduler_url = {NOWHERE}/\n")
        self._environment = {
            **clean_environment(),
            "TMDB_API_URL": url,
            "TMDB_API_KEY": key,
            "PIPELINE_DATA_DIR": str(self.data),
            "LUIGI_CONFIG_PATH": str(configuration),
            "TMPDIR": str(folder),
        }
        if (folder / "config").exists():
            self._environment["PIPELINE_CONFIG_DIR"] = str(folder / "config")

    def figures(self, command: list[str], prepare: Callable[[], None]) -> dict[str, float]:
        """Run the command often enough, each time prepared."""
        runs = [self.run(command, prepare) for _ in range(REPEATS)]
        weighed = self.run(command, prepare, memory=True)
        return {
            "seconds": statistics.median(run.wall_seconds for run in runs),
            "cpu": statistics.median(run.cpu_seconds for run in runs),
            "mb": weighed.peak_mb or 0.0,
        }

    def run(
        self, command: list[str], prepare: Callable[[], None] | None = None, *, memory: bool = False
    ) -> Measured:
        """Run it once; a failure ends everything."""
        if prepare:
            prepare()
        run = measured(
            [str(Path(sys.executable).with_name(command[0])), *command[1:]],
            self._environment,
            memory=memory,
            folder=self.folder,
            seconds=LONGEST_SECONDS,
        )
        if run.status:
            sys.exit(f"{' '.join(command)} ended with status {run.status}:\n{run.output}")
        return run

    def without(self, *patterns: str) -> Callable[[], None]:
        """Return what removes the files of these patterns."""

        def remove() -> None:
            for pattern in patterns:
                for path in self.data.glob(pattern):
                    path.unlink()

        return remove


def luigi(task: str, date: datetime.date, *options: str) -> list[str]:
    """Return the command for a task of a day."""
    command = ["luigi", "--module", "pipeline", task, "--date", str(date)]
    return [*command, "--local-scheduler", "--log-level", "WARNING", *options]


def movies(rows: int) -> dict[str, dict[str, float]]:
    """Merge a week of so many rows."""
    return _merged(rows, MAX_LISTS)


def lists(number: int) -> dict[str, dict[str, float]]:
    """Merge a week of so many lists."""
    return _merged(ROWS_OF_LISTS, number)


def _merged(rows: int, number_of_lists: int) -> dict[str, dict[str, float]]:
    with tempfile.TemporaryDirectory() as folder:
        make_week(Path(folder), TODAY, rows, number_of_lists)
        bench = Bench(Path(folder), key="demo")  # as the lists are stamped
        again = bench.without("raw/metadata/quality_reports/*", "processed/weekly/*")
        return {"check and merge": bench.figures(luigi("WeeklyConsolidation", TODAY), again)}


def days(number: int) -> dict[str, dict[str, float]]:
    """Do what looks at the days that are there."""
    with tempfile.TemporaryDirectory() as folder, serving() as api:
        bench = Bench(Path(folder), api.url)
        bench.run(luigi("DailyPage", YESTERDAY))
        for log in (bench.data / "logs").glob(f"{TODAY:%Y%m%d}*"):
            log.rename(log.with_name(log.name.replace(f"{TODAY:%Y%m%d}", f"{YESTERDAY:%Y%m%d}")))
        make_days(bench.data, YESTERDAY, number)
        nothing = bench.without()
        one_more = bench.without(f"raw/**/*_{TODAY:%Y%m%d}.json")
        index = bench.without("reports/index.html")
        return {
            "one more day": bench.figures(luigi("DailySummary", TODAY), _refilled(api, one_more)),
            "index": bench.figures(luigi("IndexPage", YESTERDAY), index),
            "status": bench.figures(["tmdb-pipeline", "status", "--runtime", "host"], nothing),
            "RangeDaily": bench.figures(_range(number), nothing),
        }


def _range(number: int) -> list[str]:
    """Return the command that looks for gaps among so many finished days."""
    start = TODAY - datetime.timedelta(days=number)
    more = str(number + 10)
    return [
        *("luigi", "--module", "pipeline", "RangeDaily", "--of", "DailySummary"),
        *("--start", str(start), "--stop", str(TODAY)),
        *("--days-back", more, "--task-limit", more, "--local-scheduler"),
        *("--log-level", "WARNING"),
    ]


def workers(number: int) -> dict[str, dict[str, float]]:
    """Collect a week with so many workers."""
    with tempfile.TemporaryDirectory() as folder, serving() as api:
        bench = Bench(Path(folder), api.url)
        command = luigi("WeeklyConsolidation", TODAY, "--workers", str(number))
        afresh = _refilled(api, lambda: shutil.rmtree(bench.data, ignore_errors=True))
        return {"week": bench.figures(command, afresh)}


def _refilled(api: Api, prepare: Callable[[], None]) -> Callable[[], None]:
    """Return what prepares and then waits for a full bucket."""

    def prepared() -> None:
        prepare()
        api.refill()

    return prepared


MEASURE = {"movies": movies, "lists": lists, "days": days, "workers": workers}


def main() -> None:
    """Measure the curves asked for, print them, and write if asked to."""
    arguments = _arguments()
    curves = report.stored("growth")
    for name in arguments.only:
        sizes = SIZES[name][: arguments.sizes]
        words = f"--only {name}" + (f" --sizes {len(sizes)}" if arguments.sizes else "")
        figures: Figures = {}
        for size in sizes:
            print(f"{name} {size:,}", file=sys.stderr)
            for command, found in MEASURE[name](size).items():
                for kind, value in found.items():
                    figures.setdefault(command, {}).setdefault(kind, []).append(value)
        how = report.circumstances(f"python benchmarks/growth.py {words}")
        curves[name] = {"how": how, "sizes": sizes, "figures": figures}
        print("\n".join([*table_lines(name, curves[name]), ""]), flush=True)
        if arguments.write:
            write(curves)


def table_lines(name: str, curve: dict[str, Any]) -> Iterator[str]:
    """Return the lines of the table of a curve, with its exponents."""
    sizes, figures = curve["sizes"], curve["figures"]
    kinds = ("seconds", "cpu", "mb") if len(figures) == 1 else ("seconds", "mb")
    units = {"seconds": "s", "cpu": "CPU s", "mb": "peak MB"}
    columns = {
        units[kind] if len(figures) == 1 else f"{command}, {units[kind]}": figures[command][kind]
        for command in figures
        for kind in kinds
    }
    rows = [
        [f"{size:,}", *(_figure(values[number]) for values in columns.values())]
        for number, size in enumerate(sizes)
    ]
    if len(sizes) > 1:
        rows += [
            ["exponent", *(_marked(exponent(sizes, each)) for each in columns.values())],
            ["of the last step", *(_last(sizes, each) for each in columns.values())],
        ]
    yield from (f"{WHAT[name]} {curve['how']}", "", *report.table([name, *columns], rows))
    if name in TARGETS and sizes[-1] == SIZES[name][-1]:
        yield from ("", target(TARGETS[name], *figures.values()))


def target(limits: dict[str, float], figures: dict[str, list[float]]) -> str:
    """Return the sentence that says whether the largest size keeps to its limits."""
    kept = all(figures[kind][-1] <= limit for kind, limit in limits.items())
    return (
        f"Target for the last size: {limits['seconds']:.0f} s and {limits['mb']:.0f} MB at most: "
        f"{'met' if kept else '**missed**'}."
    )


def exponent(sizes: list[float], values: list[float]) -> float:
    """Return the slope of the values over the sizes, both in logarithms, by least squares."""
    xs, ys = [math.log(size) for size in sizes], [math.log(value) for value in values]
    return statistics.linear_regression(xs, ys).slope


def _last(sizes: list[float], values: list[float]) -> str:
    return _marked(exponent(sizes[-2:], values[-2:]))


def _marked(slope: float) -> str:
    text = f"{round(slope, 2) + 0:.2f}"
    return f"{text} **worse than linear**" if slope > WORSE else text


def _figure(value: float) -> str:
    return f"{value:.2f}" if value < 10 else f"{value:,.0f}"


def write(curves: dict[str, Any]) -> None:
    """Keep the figures, draw them, and put the tables of all curves into the page."""
    report.store("growth", curves)
    lines: list[str] = []
    for name in (each for each in SIZES if each in curves):
        chart = REPOSITORY / "docs" / f"benchmarks-growth-{name}.svg"
        if len(curves[name]["sizes"]) > 1:
            draw(chart, name, curves[name])
        lines += [f"### By {name}", "", f"![growth by {name}]({chart.name})", ""]
        lines += [*table_lines(name, curves[name]), ""]
    report.replace_block("growth", lines)


def draw(path: Path, name: str, curve: dict[str, Any]) -> None:
    """Draw a curve in terms of its smallest size, beside what would be linear; workers as they are.

    Of several commands only the time is drawn.
    """
    sizes, figures = curve["sizes"], curve["figures"]
    series: dict[str, list[float]] = {}
    for command, of_command in figures.items():
        if len(figures) == 1:
            series |= {"time": of_command["seconds"], "memory": of_command["mb"]}
        else:
            series[command] = of_command["seconds"]
    if name == "workers":
        (of_week,) = figures.values()
        series = {"seconds": of_week["seconds"], "CPU seconds": of_week["cpu"]}
        title = "A week by workers"
    else:
        series = {each: [value / values[0] for value in values] for each, values in series.items()}
        series["linear"] = [size / sizes[0] for size in sizes]
        title = f"Growth by {name}: times as much as for {sizes[0]:,}"
    report.line_chart(path, title, name, sizes, series)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", type=_names, default=list(SIZES), help=", ".join(SIZES))
    parser.add_argument("--sizes", type=int, help="only so many of each, the smallest")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    return parser.parse_args()


def _names(text: str) -> list[str]:
    names = text.split(",")
    if not set(names) <= set(SIZES):
        raise argparse.ArgumentTypeError(f"choose from {', '.join(SIZES)}")
    return names


if __name__ == "__main__":
    main()
