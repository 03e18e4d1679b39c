"""The week in other orchestrators: Airflow, Prefect, Dagster and dlt beside this pipeline.

    python benchmarks/peers.py                     five rounds, printed
    python benchmarks/peers.py --only dlt,prefect  some of them, and ours
    python benchmarks/peers.py --write             into docs/benchmarks.md and results/peers.json

Every one collects the same nine lists from the same API, 100 ms an answer and 40 requests a second,
and writes one file for each list and one for the week with each movie once. Each is installed from
the package index into `.bench/`, and is written as its own guide has it: see `peers/`.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import os
import platform
import sys
import tempfile
from pathlib import Path

sys.path += [str(Path(__file__).parent / "peers"), str(Path(__file__).parent.parent / "tests")]

import report
from harness import shown
from harness.contenders import CONTENDERS, REFERENCE, Contender
from harness.measure import Arena, Result
from harness.venvs import Venv
from server import serving

BLOCK = "peers"
CHART = report.PAGE.parent / "benchmarks-peers.svg"
TOOLS = ("dlt", "prefect", "dagster", "airflow2", "airflow3")


def main() -> int:
    """Return 1 where a contender has failed or has not brought every movie."""
    arguments = _arguments()
    if arguments.write and f"<!-- {BLOCK}: begin -->" not in report.PAGE.read_text():
        raise SystemExit(f"{report.PAGE.name} has no block named {BLOCK}.")
    wanted = [each for each in CONTENDERS if each.tool in {REFERENCE.tool, *arguments.only}]
    temporary = tempfile.TemporaryDirectory(prefix="peers", ignore_cleanup_errors=True)
    with temporary as folder, serving() as api:
        arena = Arena(api, Path(folder))
        results = measure(arena, wanted, arguments.rounds)
    lines = shown.tables(results, arena.venvs, arena.movies)
    print("\n".join(lines))
    if arguments.write:
        write(lines, results, arena)
    return int(any(result.failure or not result.complete for result in results))


def measure(arena: Arena, wanted: list[Contender], rounds: int) -> list[Result]:
    """Run all contenders in turn, as often as there are rounds, and then for their memory."""
    results = {each: Result(each.name, each.tool, again_does=each.again) for each in wanted}
    for each, result in results.items():
        tell(f"preparing {each.name}")
        arena.prepare(each, result)
    for number in range(1, rounds + 1):
        for each, result in results.items():
            tell(f"round {number} of {rounds}: {each.name}")
            arena.round(each, result)
    for each, result in results.items():
        tell(f"memory, and again: {each.name}")
        arena.last_round(each, result)
    return list(results.values())


def write(lines: list[str], results: list[Result], arena: Arena) -> None:
    """Put the tables into the page, draw the chart, keep the raw figures."""
    command = f"python benchmarks/peers.py {' '.join(sys.argv[1:])}"
    circumstances = report.circumstances(command)
    shown.chart(CHART, results)
    picture = f"![Wall and CPU seconds of a week in each]({CHART.name})"
    report.replace_block(BLOCK, [circumstances, "", picture, "", *lines])
    figures = {
        "measured": circumstances,
        "date": datetime.date.today().isoformat(),
        "command": command,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
        "movies": arena.movies,
        "contenders": [dataclasses.asdict(result) for result in results],
        "installed": [_figures(venv) for venv in arena.venvs.values()],
    }
    report.store(BLOCK, figures)


def tell(what: str) -> None:
    """Say what goes on, on the side: the tables alone go to standard output."""
    print(f"{datetime.datetime.now():%H:%M:%S} {what}", file=sys.stderr, flush=True)


def _figures(venv: Venv) -> dict[str, object]:
    figures = dataclasses.asdict(venv)
    del figures["stamp"]
    return figures


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--only", type=_tools, default=TOOLS, metavar="TOOL,TOOL")
    parser.add_argument("--write", action="store_true", help="into docs/ and results/")
    return parser.parse_args()


def _tools(text: str) -> tuple[str, ...]:
    tools = tuple(text.split(","))
    if unknown := set(tools) - set(TOOLS):
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: give some of {', '.join(TOOLS)}")
    return tools


if __name__ == "__main__":
    sys.exit(main())
