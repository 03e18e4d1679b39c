"""Measure how often the quality gate is wrong: false alarms on normal lists, misses on bad ones.

    python benchmarks/quality.py [--lists 300] [--write]

It generates lists of 20, 100 and 300 movies in 19 languages, of the sentences of genuine overviews
(see tests/support/quality_days/languages.py), with the noise of genuine lists and a history of 0 to
28 collections, some missed and some bad. Each kind of bad list is made of such a list. The genuine
overviews and lists are beside the checkout; without them it says so and measures nothing.
`--write` puts the tables into docs/quality.md.
"""

from __future__ import annotations

import argparse
import datetime
import itertools
import json
import math
import multiprocessing
import platform
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec
from msgspec.structs import replace
from report import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests"))

from support.quality_days import DAILY, KINDS, WEEKLY, Day, Kind, World
from support.quality_days.day import THRESHOLDS, Period, failed_checks
from support.quality_days.languages import LANGUAGE_KINDS, OVERVIEWS, lists_in, sentences

from pipeline.catalog import MovieList
from pipeline.quality.report import validation_report
from pipeline.quality.snapshot import Baseline, ListSnapshot

PAGE = REPOSITORY / "docs" / "quality.md"
RECORDINGS = OVERVIEWS.parent.parent / "recordings"
BEGIN, END = "<!-- rates: begin -->\n", "<!-- rates: end -->\n"

FIRST = datetime.date(2026, 3, 1)
COURSES = 3
"""The number of sequences of lists in a cell, each with movies and a seed of its own."""

BAD_SHARE = 0.04
"""The share of the lists of which each kind of bad list is made."""

OF_THE_CATALOGUE = {
    "genre ignored", "Korean asked, English served", "English asked, Korean served",
    "English asked, German served",
}  # fmt: skip
"""Kinds that need the catalogue, or that kinds for all languages replace."""

CELLS: dict[int, tuple[Period, str, int]] = {
    20: (DAILY, "trending", 1),
    100: (DAILY, "popular", 5),
    300: (WEEKLY, "drama", 15),
}
"""The number of movies of a list -> how often it is collected, its name, its pages."""


class Result(NamedTuple):
    """One report: its list by language, length and kind, its verdict, the rules that failed."""

    language: str
    length: int
    kind: str
    verdict: str
    rules: frozenset[str]
    caught: bool = False


class Course(NamedTuple):
    """A sequence of lists that is tried in one process."""

    language: str
    length: int
    seed: int
    lists: int


def main() -> None:
    """Try everything, print the tables, and write them into the page if requested."""
    arguments = _arguments()
    if not OVERVIEWS.exists():
        print(f"Nothing is measured: the genuine overviews are not at {OVERVIEWS}.")
        return
    started_at = time.monotonic()
    courses = [
        Course(language, length, seed, -(-arguments.lists // COURSES))
        for language, length, seed in itertools.product(sorted(sentences()), CELLS, range(COURSES))
    ]
    with multiprocessing.Pool() as pool:
        results = list(itertools.chain(*pool.imap_unordered(try_course, courses)))
        years = pool.map(try_year, range(20))
    took = time.monotonic() - started_at
    parts = [
        _normal(results),
        _bad(results),
        _years(years),
        _genuine(),
        _how(arguments.lists, took),
    ]
    text = "\n\n".join("\n".join(part) for part in parts) + "\n"
    print(text)
    if arguments.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def _world(language: str, length: int, seed: int) -> World:
    period, name, pages = CELLS[length]

    def choose(lists: list[MovieList]) -> list[MovieList]:
        return [replace(each, pages=pages) for each in lists if each.name == name]

    return World(period, f"{language}-XX", seed, source=lists_in(seed), choose=choose)


def try_course(course: Course) -> list[Result]:
    """Make the lists of a course and check them, and each kind of bad list made of some."""
    world = _world(course.language, course.length, course.seed)
    period, name, _ = CELLS[course.length]
    chance = Random(f"{course}")
    results = []
    for number in range(course.lists):
        day = world.day(FIRST + number * period.days * _DAY, chance.randint(0, 28))
        results.append(_check(course, "normal", day))
        for kind in (*KINDS, *LANGUAGE_KINDS):
            if _suits(kind, day, name) and chance.random() < BAD_SHARE:
                result = _check(course, kind.name, kind.make(day, name, chance))
                caught = bool(kind.rules & result.rules) and result.verdict in kind.verdicts
                results.append(result._replace(caught=caught))
    return results


def _suits(kind: Kind, day: Day, name: str) -> bool:
    """Whether a kind of bad list can be made of a list; those of KINDS are of every language."""
    if kind.name in OF_THE_CATALOGUE or not kind.lists(day.lists[name]):
        return False
    if kind in LANGUAGE_KINDS and day.language[:2] not in kind.languages:
        return False
    texts = sum(bool(row["overview"]) for page in day.pages[name] for row in page.results)
    if "overview_language" in kind.rules and texts < THRESHOLDS.bounds.min_texts:
        return False
    enough = THRESHOLDS.history_bounds.min_collections
    return not kind.needs_history or len(day.history[name]) >= enough


def _check(course: Course, kind: str, day: Day) -> Result:
    report = validation_report(day.date, day.snapshots(), THRESHOLDS)
    rules = frozenset(failed_checks(report))
    return Result(course.language, course.length, kind, report["verdict"], rules)


# A year of weeks with a permanent rescale in week 20, and another incident in week 40.

RESCALE, INCIDENT, WEEKS = 20, 40, 52


class Year(NamedTuple):
    """The weeks of a year in which the rule about the scale of popularity failed, by severity."""

    warned: list[int]
    noted: list[int]


def try_year(seed: int) -> Year:
    """Report on a year of weeks, each with the reports before it as its history."""
    world, (period, name, _) = _world("en", 300, seed), CELLS[300]
    factor = Random(seed).choice((0.02, 0.1, 10, 50))
    profiles: list[Baseline] = []
    year = Year([], [])
    for week in range(WEEKS):
        day = world.day(FIRST + week * period.days * _DAY, 0)
        scale = (1 if week < RESCALE else factor) * (30 if week == INCIDENT else 1)
        pages = [
            replace(page, results=[
                row | {"popularity": row["popularity"] * scale} for row in page.results
            ])
            for page in day.pages[name]
        ]  # fmt: skip
        scaled = day.with_pages(name, pages).with_history(name, profiles[:28])
        report = validation_report(scaled.date, scaled.snapshots(), THRESHOLDS)
        profiles.insert(0, msgspec.convert(report["profiles"][name], Baseline))
        for check in report["checks"]:
            if check["id"] == "popularity_scale" and not check["success"]:
                (year.noted if check["severity"] == "info" else year.warned).append(week)
    return year


def _years(years: list[Year]) -> Iterator[str]:
    yield "| a year of weeks, rescaled for good in one, with an incident later | years |"
    yield "|---|---:|"
    rescale = [week for week in range(WEEKS) if week != INCIDENT]
    once = sum([week for week in year.warned if week in rescale] == [RESCALE] for year in years)
    yield f"| tried | {len(years)} |"
    yield f"| one warning of the rescale, and no other one | {once} |"
    yield f"| one note that it is the new baseline | {sum(len(y.noted) == 1 for y in years)} |"
    yield f"| the incident is caught | {sum(INCIDENT in year.warned for year in years)} |"


# Genuine lists


def _genuine() -> Iterator[str]:
    """Check the recorded lists, each as on a first day."""
    verdicts: dict[str, str] = {}
    for path in sorted(RECORDINGS.glob("*_20*.json")):
        answer = json.loads(path.read_text(encoding="utf-8"))
        rows = answer["body"].get("results", []) if isinstance(answer["body"], dict) else []
        if len(rows) < 10 or "title" not in rows[0]:
            continue
        language = answer["request"]["query"].get("language", "en-US")
        info = {"language": language, "total_collected": len(rows), "source": "tmdb"}
        date = datetime.date.fromisoformat(path.name.split("_")[1][:10])
        snapshot = ListSnapshot("popular", path.name, date, rows, info)
        verdicts[path.stem] = validation_report(date, [snapshot], THRESHOLDS)["verdict"]
    counts = Counter(verdicts.values())
    named = ", ".join(name for name, verdict in verdicts.items() if verdict != "pass") or "none"
    yield (
        f"Genuine lists: {len(verdicts)} recorded ones without history: {counts['pass']} pass, "
        f"{counts['warn']} warn, {counts['fail']} fail. Not passed: {named}."
    )


# Tables


def upper_bound(count: int, tried: int) -> float:
    """Return the upper end of the one-sided 95 % interval of a rate (Clopper and Pearson)."""
    low, high = count / tried, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        at_most = sum(
            math.comb(tried, k) * middle**k * (1 - middle) ** (tried - k) for k in range(count + 1)
        )
        low, high = (middle, high) if at_most > 0.05 else (low, middle)
    return high


def _normal(results: list[Result]) -> Iterator[str]:
    lengths = " | ".join(f"{length} movies" for length in CELLS)
    yield f"| normal lists: false alarms of tried, and the 95 % upper bound | {lengths} | rules |"
    yield f"|---|{'---:|' * len(CELLS)}---|"
    for language in sorted({each.language for each in results}):
        cells, rules = [], Counter[str]()
        for length in CELLS:
            of_cell = [e for e in results if (e.language, e.length) == (language, length)]
            tried = [each for each in of_cell if each.kind == "normal"]
            alarms = [each for each in tried if each.verdict != "pass"]
            rules.update(rule for each in alarms for rule in each.rules - {"fields"})
            bound = 100 * upper_bound(len(alarms), len(tried))
            cells.append(f"{len(alarms)} of {len(tried)}, < {bound:.1f} %")
        named = ", ".join(f"{rule} {count}" for rule, count in rules.most_common()) or "none"
        yield f"| {language} | {' | '.join(cells)} | {named} |"


def _bad(results: list[Result]) -> Iterator[str]:
    yield "| bad lists | tried | warn | fail | caught by name | missed most in |"
    yield "|---|---:|---:|---:|---:|---|"
    for kind in (*KINDS, *LANGUAGE_KINDS):
        of_kind = [each for each in results if each.kind == kind.name]
        if not of_kind:
            continue
        verdicts = Counter(each.verdict for each in of_kind)
        caught = 100 * sum(each.caught for each in of_kind) / len(of_kind)
        missed = Counter(f"{e.language} {e.length}" for e in of_kind if not e.caught)
        named = ", ".join(f"{cell} ({count})" for cell, count in missed.most_common(3)) or "none"
        yield (
            f"| {kind.name} | {len(of_kind)} | {verdicts['warn']} | {verdicts['fail']} "
            f"| {caught:.1f} % | {named} |"
        )


def _how(lists: int, took: float) -> Iterator[str]:
    words = f" --lists {lists}" if lists != 300 else ""
    yield (
        f"{datetime.date.today()}, `python benchmarks/quality.py{words}`, Python "
        f"{platform.python_version()}, {took:.0f} s on {multiprocessing.cpu_count()} cores."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lists", type=int, default=300, help="in each language and length")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/quality.md")
    return parser.parse_args()


_DAY = datetime.timedelta(days=1)

if __name__ == "__main__":
    main()
