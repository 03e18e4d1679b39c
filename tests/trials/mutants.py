"""Put small faults into the code, one at a time: the tests have to notice each.

    python -m trials.mutants [--write] [MODULE ...]     such as: catalog paths

mutmut makes them in a working copy, `mutants/`, and runs the unit tests that reach the changed
function; which of them reaches what is measured anew each time. The layers of the modules decide
which are changed. Without a module it goes on where the last run stopped, and tries again what
survived there, since tests may have come; modules that are named are tried anew and shown alone.
The working copy stays until `make clean`: `../.venv/bin/mutmut browse` shows in it what was found.
docs/mutants.md says what survived, and why that is harmless.
"""

from __future__ import annotations

import collections
import configparser
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping

from support.layers import is_one_of, layer_of, lower_layers
from support.repository import REPOSITORY

from trials.record import tell

MUTMUT = str(REPOSITORY / ".venv" / "bin" / "mutmut")
COPY = REPOSITORY / "mutants"
STATE = COPY / "mutants"
LEAST = 85.0
"""Percent of the mutants of each area that have to be noticed."""

NOT_CHANGED = {
    "pipeline.errors", "pipeline.version", "pipeline.genres", "pipeline.clock",
    "pipeline.settings", "pipeline.identity",
    "pipeline.pages.*", "pipeline.demo.*",
}  # fmt: skip
"""Names and numbers, what reads this machine, what is only looked at, and the imitation of TMDB."""

KILLED, TIMEOUT, SURVIVED, UNREACHED = "killed", "timeout", "survived", "no tests"
PURE = 1
"""The highest layer of the pure core."""

AREAS = ("pure core", "client", "storage")
NOTICED = (KILLED, TIMEOUT)
OUTCOMES = (KILLED, TIMEOUT, SURVIVED, UNREACHED)
HEADER = ("module", "mutants", *OUTCOMES, "noticed")

Counts = collections.Counter[str]
Found = dict[str, Counts]
"""How many mutants of each module came to each outcome."""


def main() -> int:
    """Try them, tell, and say whether the tests are strong enough."""
    modules = [each for each in sys.argv[1:] if not each.startswith("-")]
    make_copy()
    (STATE / "mutmut-stats.json").unlink(missing_ok=True)
    survivors = [] if modules or not STATE.exists() else unnoticed(results())
    mutmut("run", *(f"pipeline.{each}.x*" for each in modules))
    if survivors:
        mutmut("run", *survivors)
    found = tally(results())
    if modules:
        found = {each: found[each] for each in found if each.removeprefix("pipeline.") in modules}
    tell("mutants", HEADER, list(rows(found)), [f"Every area has to reach {LEAST:.0f} percent."])
    wrong = list(shortcomings(found))
    print(*wrong, sep="\n", file=sys.stderr)
    return bool(wrong)


def make_copy() -> None:
    """Bring the working copy up to date; its setup.cfg says in addition which files to change."""
    config = configparser.ConfigParser(interpolation=None)
    config.read(REPOSITORY / "setup.cfg", encoding="utf-8")
    section = config["mutmut"]
    needed = [section["source_paths"], *section["also_copy"].split(), "tests", "pyproject.toml"]
    COPY.mkdir(exist_ok=True)
    for name in needed:
        source, target = REPOSITORY / name, COPY / name
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, target)
    # mutmut copies them once more and would go on running a test whose file is gone.
    shutil.rmtree(STATE / "tests", ignore_errors=True)
    section["only_mutate"] = "\n".join(changed_files())
    with (COPY / "setup.cfg").open("w", encoding="utf-8") as file:
        config.write(file)


def changed_files() -> list[str]:
    """Return the files that are changed: the lower layers but for some; a new module is one."""
    found = lower_layers().items()
    return [file for module, file in found if not is_one_of(module, NOT_CHANGED)]


def mutmut(*arguments: str) -> None:
    """Let mutmut work, and show its progress."""
    subprocess.run([MUTMUT, *arguments], cwd=COPY, check=True)


def results() -> list[tuple[str, str]]:
    """Return each mutant, such as `pipeline.catalog.x_iso_week__mutmut_3`, and its outcome."""
    asked = [MUTMUT, "results", "--all", "true"]
    done = subprocess.run(asked, cwd=COPY, check=True, capture_output=True, text=True)
    return list(read(done.stdout))


def read(text: str) -> Iterator[tuple[str, str]]:
    """Read the output of mutmut, a mutant in each line."""
    for line in text.splitlines():
        name, colon, outcome = line.strip().partition(": ")
        if colon:
            yield name, outcome


def unnoticed(outcomes: Iterable[tuple[str, str]]) -> list[str]:
    """Return the mutants that no test noticed."""
    return [name for name, outcome in outcomes if outcome in (SURVIVED, UNREACHED)]


def tally(outcomes: Iterable[tuple[str, str]]) -> Found:
    """Count the outcomes of each module."""
    found: Found = {}
    for name, outcome in outcomes:
        found.setdefault(name.rpartition(".")[0], collections.Counter())[outcome] += 1
    return found


def area(module: str) -> str:
    """Return which part of the code a module belongs to."""
    if module.startswith("pipeline.tmdb."):
        return "client"
    return "pure core" if (layer_of(module) or 0) <= PURE else "storage"


def by_area(found: Mapping[str, Counts]) -> Found:
    """Sum up the modules of each area."""
    sums: Found = {name: collections.Counter() for name in AREAS}
    for module, counts in found.items():
        sums[area(module)].update(counts)
    return {name: counts for name, counts in sums.items() if counts}


def rows(found: Mapping[str, Counts]) -> Iterator[list[str]]:
    """Draw each area, and below it its modules."""
    for name, sums in by_area(found).items():
        yield row(f"**{name}**", sums)
        for module in sorted(module for module in found if area(module) == name):
            yield row(module.removeprefix("pipeline."), found[module])


def row(name: str, counts: Counts) -> list[str]:
    """Draw one line of the table."""
    figures = (counts.total(), *(counts[each] for each in OUTCOMES))
    return [name, *map(str, figures), f"{noticed(counts):.1f} %"]


def noticed(counts: Counts) -> float:
    """Return the share in percent that made a test fail, or run for ever."""
    return 100 * sum(counts[each] for each in NOTICED) / counts.total()


def shortcomings(found: Mapping[str, Counts]) -> Iterator[str]:
    """Tell what is not as it has to be."""
    for name, counts in by_area(found).items():
        if noticed(counts) < LEAST:
            yield f"{name}: {noticed(counts):.1f} percent noticed, less than {LEAST:.0f}"
        for outcome in sorted(set(counts) - set(OUTCOMES)):
            yield f"{name}: {counts[outcome]} mutants {outcome}"


if __name__ == "__main__":
    sys.exit(main())
