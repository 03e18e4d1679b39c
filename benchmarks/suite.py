"""The week and the day beside what one could write instead: time, CPU, memory, requests.

    make bench
    python benchmarks/suite.py [--rounds 5] [--only TEXT] [--write]

Every contender is a whole process, run from a full bucket and an empty data root against the API of
benchmarks/server.py. Rounds are interleaved and each begins with another contender, so that what
the machine does meanwhile hits all alike. Memory is sampled in rounds of their own, which go first
and warm the caches of the disk. Exits with 1 where a target is missed.

`--write` puts tables and targets into docs/benchmarks.md, draws docs/benchmarks-week.svg and keeps
the raw figures in benchmarks/results/suite.json.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import report
from contenders import AGAIN, DAYS, WEEK, Contender, NotThere
from process import Measured, clean_environment, cpu_seconds, measured, weight
from server import Api, limit_seconds, serving

ROUNDS = 5
ROUNDS_OF_MEMORY = 3
ALL = [*WEEK, *DAYS, *AGAIN]
BARE, IMPORT = "bare client, requests", "import luigi.cmdline"
CHART = report.REPOSITORY / "docs" / "benchmarks-week.svg"


class Share(NamedTuple):
    """What a process beside a contender, with all below it, spent on it and weighs."""

    cpu_seconds: float
    megabytes: float


@dataclass
class Result:
    """All runs of one contender. Refusals are the most of any run, memory and processes too."""

    contender: Contender
    timed: list[Measured] = field(default_factory=list)
    weighed: list[Measured] = field(default_factory=list)
    requests: list[int] = field(default_factory=list)
    refusals: list[int] = field(default_factory=list)
    beside: dict[str, Share] = field(default_factory=dict)
    """What each process beside it took, in the last run."""

    @property
    def wall(self) -> float:
        """Median seconds from its start to its end."""
        return statistics.median(run.wall_seconds for run in self.timed)

    @property
    def cpu(self) -> float:
        """Median seconds of CPU of all its processes."""
        return statistics.median(run.cpu_seconds for run in self.timed)

    @property
    def peak(self) -> float:
        """Megabytes of all its processes together, at most."""
        return max(run.peak_mb or 0 for run in self.weighed)

    @property
    def processes(self) -> int:
        """How many processes there were at once, at most."""
        return max(run.processes or 0 for run in self.weighed)

    @property
    def of_limit(self) -> float:
        """Its time in terms of the least that the API allows."""
        return self.wall / limit_seconds(self.contender.requests)


class Results(dict[str, Result]):
    """By name; who could not run is in `missing`, with the reason."""

    def __init__(self) -> None:
        super().__init__()
        self.missing: dict[str, str] = {}


class Target(NamedTuple):
    """What has to hold: at most so much."""

    what: str
    found: float
    most: float
    unit: str = ""

    @property
    def is_met(self) -> bool:
        """Whether it holds, by the two decimals that are shown."""
        return round(self.found, 2) <= self.most

    def row(self) -> tuple[str, ...]:
        """Return it as a row of a table."""
        ratio = f"{self.found / self.most:.2f}" if self.most else "–"
        found, most = (f"{value:.4g}{self.unit}" for value in (round(self.found, 2), self.most))
        return self.what, found, most, ratio, "yes" if self.is_met else "**no**"


class Failed(Exception):
    """A contender did not do its work; the text is its output."""


def main() -> None:
    """Measure, print, and write if asked to."""
    arguments = _arguments()
    wanted = [each for each in ALL if arguments.only in each.name]
    with tempfile.TemporaryDirectory() as folder, serving() as api:
        try:
            results = compared(wanted, api, Path(folder), arguments.rounds)
        except Failed as failure:
            sys.exit(str(failure))
    targets = list(checked(results))
    lines = list(report_lines(results, targets, arguments.rounds))
    print("\n".join(lines))
    if arguments.write:
        write(results, lines)
    missed = [target for target in targets if not target.is_met]
    for target in missed:
        print(f"missed: {target.what}: {' '.join(target.row()[1:4])}", file=sys.stderr)
    sys.exit(bool(missed))


def compared(wanted: list[Contender], api: Api, folder: Path, rounds: int) -> Results:
    """Run all of them so often, the memory rounds first."""
    results = Results()
    for number in range(min(ROUNDS_OF_MEMORY, rounds) + rounds):
        weighs = number < min(ROUNDS_OF_MEMORY, rounds)
        shift = number % len(wanted)
        for contender in [*wanted[shift:], *wanted[:shift]]:
            if contender.name in results.missing:
                continue
            result = results.setdefault(contender.name, Result(contender))
            try:
                once(result, api, folder, memory=weighs)
            except NotThere as error:
                del results[contender.name]
                results.missing[contender.name] = str(error)
        print(f"round {number + 1} done", file=sys.stderr)
    return results


def once(result: Result, api: Api, folder: Path, *, memory: bool) -> None:
    """Run a contender once, from nothing or from everything done, and take note of it."""
    contender = result.contender
    root = folder / contender.name.replace(" ", "-").replace(",", "")
    environment = {
        **clean_environment(),
        **api.environment,
        **contender.environment,
        "PIPELINE_DATA_DIR": str(root),
        "SUBJECT_FOLDER": str(root),
        "TMPDIR": str(folder),
    }
    command = contender.command()
    if contender.requests:
        shutil.rmtree(root, ignore_errors=True)
    elif not result.weighed:
        api.refill()
        _did(contender, measured(command, environment, folder=folder))
    if contender.requests:
        api.refill()
    with contender.beside(root) as beside:
        requests, refusals = api.requests(), api.refusals()
        spent = {name: cpu_seconds(pid) for name, pid in beside.processes.items()}
        run = measured([*command, *beside.words], environment, memory=memory, folder=folder)
        result.beside = {
            name: Share(cpu_seconds(pid) - spent[name], weight(pid)[0])
            for name, pid in beside.processes.items()
        }
    result.requests.append(api.requests() - requests)
    result.refusals.append(api.refusals() - refusals)
    (result.weighed if memory else result.timed).append(_did(contender, run))
    if (answered := result.requests[-1] - result.refusals[-1]) != contender.requests:
        raise Failed(f"{contender.name}: {answered} answers instead of {contender.requests}")


def _did(contender: Contender, run: Measured) -> Measured:
    if run.status:
        if contender.is_optional:
            last = run.output.strip().rpartition("\n")[2]
            raise NotThere(f"it ended with status {run.status}: {last}")
        raise Failed(f"{contender.name} ended with status {run.status}:\n{run.output}")
    return run


def checked(results: Results) -> Iterator[Target]:
    """Return every target that these results cover."""
    for name in ("week, one worker", "week, 4 workers"):
        if name in results:
            yield from _of_a_week(name, results[name], results.get(BARE))
    for name, what, most in (
        ("week, luigid and history", "week with luigid and history, of the limit", 1.6),
        ("day", "day", 0.8),
    ):
        if name in results:
            is_week = results[name].contender in WEEK
            found = results[name].of_limit if is_week else results[name].wall
            yield Target(what, found, most, "" if is_week else " s")
    if {"week again", IMPORT} <= set(results):
        ratio = results["week again"].wall / results[IMPORT].wall
        yield Target("week again, of `import luigi.cmdline`", ratio, 1.6)
    refused = [max(each.refusals) for each in results.values() if _is_ours(each.contender)]
    if refused:
        yield Target("refusals in any run of ours", max(refused), 0)


def _of_a_week(name: str, result: Result, bare: Result | None) -> Iterator[Target]:
    yield Target(f"{name}, of the limit", result.of_limit, 1.3)
    if bare:
        yield Target(f"{name}, of the bare client", result.wall / bare.wall, 1.2)
    yield Target(f"{name}, CPU", result.cpu, 1.2, " s")
    yield Target(f"{name}, peak memory", result.peak, 100, " MB")


def _is_ours(contender: Contender) -> bool:
    return contender.name.startswith(("week", "day", "30 days"))


def report_lines(results: Results, targets: list[Target], rounds: int) -> Iterator[str]:
    """Return the lines of the page."""
    yield _how(rounds)
    least = limit_seconds(WEEK[0].requests)
    yield f"The API's limit: a week cannot take less than {least:.1f} s."
    bare = results.get(BARE)
    columns: dict[str, Callable[[Result], str]] = {
        "s": lambda each: f"{each.wall:.2f}",
        "of the limit": lambda each: f"{each.of_limit:.2f}",
        "of the bare client": lambda each: f"{each.wall / bare.wall:.2f}" if bare else "–",
        "CPU s": lambda each: f"{each.cpu:.2f}",
        "peak MB": lambda each: f"{each.peak:.0f}",
        "processes": lambda each: str(each.processes),
        "requests": lambda each: f"{statistics.median(each.requests):.0f}",
        "refused": lambda each: str(max(each.refusals)),
    }
    yield from _table("a week", WEEK, results, columns)
    yield from _beside(results)
    del columns["of the bare client"]
    yield from _table("days", DAYS, results, columns)
    yield from _table("nothing to do", AGAIN, results, _columns_of_nothing(results, columns))
    for name, why in results.missing.items():
        yield from ("", f"Left out: {name}: {why}.")
    header = ("target", "measured", "at most", "ratio", "met")
    yield from ("", *report.table(header, [each.row() for each in targets]))


def _columns_of_nothing(
    results: Results, columns: dict[str, Callable[[Result], str]]
) -> dict[str, Callable[[Result], str]]:
    least = results.get(IMPORT)
    kept = {name: columns[name] for name in ("CPU s", "peak MB", "processes", "requests")}
    return {
        "s": columns["s"],
        "of the import": lambda each: f"{each.wall / least.wall:.2f}" if least else "–",
        **kept,
    }


def _table(
    title: str,
    contenders: list[Contender],
    results: Results,
    columns: dict[str, Callable[[Result], str]],
) -> Iterator[str]:
    there = [results[each.name] for each in contenders if each.name in results]
    if there:
        rows = [
            [each.contender.name, *(write(each) for write in columns.values())] for each in there
        ]
        yield from ("", *report.table([title, *columns], rows))


def _beside(results: Results) -> Iterator[str]:
    for result in results.values():
        if result.beside:
            parts = " and ".join(
                f"{name} ({share.cpu_seconds:.2f} CPU s, {share.megabytes:.0f} MB)"
                for name, share in result.beside.items()
            )
            yield ""
            yield f"Not counted: what serves “{result.contender.name}”, {parts}."


def _how(rounds: int) -> str:
    options = "" if rounds == ROUNDS else f" --rounds {rounds}"
    memory = min(ROUNDS_OF_MEMORY, rounds)
    return (
        f"{report.circumstances(f'python benchmarks/suite.py{options}')} Seconds and requests: "
        f"median of {rounds} rounds. Memory and processes: the most in {memory} further rounds. "
        "Refused: the most in any round."
    )


def write(results: Results, lines: list[str]) -> None:
    """Put tables, picture and raw figures where they belong."""
    report.replace_block("suite", [f"![seconds of a week]({CHART.name})", "", *lines])
    shown = [results[each.name] for each in WEEK if each.name in results]
    report.bar_chart(
        CHART,
        "A week of 140 requests, in seconds",
        [each.contender.name for each in shown],
        {
            "wall": [each.wall for each in shown],
            "CPU of all processes": [each.cpu for each in shown],
        },
    )
    report.store("suite", {name: _raw(result) for name, result in results.items()})


def _raw(result: Result) -> dict[str, object]:
    kept = ("wall_seconds", "cpu_seconds", "peak_mb", "processes")
    runs = {"timed": result.timed, "weighed": result.weighed}
    return {
        **{
            name: [{key: dataclasses.asdict(run)[key] for key in kept} for run in of_kind]
            for name, of_kind in runs.items()
        },
        "requests": result.requests,
        "refusals": result.refusals,
        "beside": {name: share._asdict() for name, share in result.beside.items()},
    }


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="timed, at least 1")
    parser.add_argument("--only", default="", help="contenders whose name contains this")
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    arguments = parser.parse_args()
    if not any(arguments.only in each.name for each in ALL):
        parser.error(f"choose from {', '.join(each.name for each in ALL)}")
    if arguments.rounds < 1 or (arguments.only and arguments.write):
        parser.error("--rounds begins at 1, and --write needs all contenders")
    return arguments


if __name__ == "__main__":
    main()
