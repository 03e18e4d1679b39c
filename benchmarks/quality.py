"""Measure how often the quality gate is wrong: false alarms on normal days, misses on bad ones.

    python benchmarks/quality.py [--days 300] [--write]

It generates days (see tests/support/quality_days) from the embedded catalogue of 2024 to 2027, with
the noise of genuine lists and a history of 0 to 28 collections, some missed and some bad. Each kind
of bad list is made of such a day. `--write` puts the tables into docs/quality.md.
"""

from __future__ import annotations

import argparse
import datetime
import multiprocessing
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from report import REPOSITORY

sys.path.insert(0, str(REPOSITORY / "tests"))

from support.quality_days import DAILY, KINDS, WEEKLY, Day, World
from support.quality_days.day import THRESHOLDS, failed_checks

from pipeline.quality.report import validation_report

PAGE = REPOSITORY / "docs" / "quality.md"
BEGIN, END = "<!-- rates: begin -->\n", "<!-- rates: end -->\n"

FIRST = datetime.date(2024, 1, 1)
COURSES = 20
"""The number of courses: sequences of days with a seed of their own and a common history."""

LANGUAGES = ("ko-KR", "en-US")
LISTS_OF_A_WEEK = 8
"""The number of genres of a week, each of which can be bad by itself."""

MAX_WEEKS = 12
"""The longest history of a week: making a week takes seconds, and 5 are enough for a baseline."""


class Result(NamedTuple):
    """One report: the kind of its day, its verdict, and the rules that failed."""

    kind: str
    verdict: str
    rules: frozenset[str]
    caught: bool
    seconds: float


class Course(NamedTuple):
    """A sequence of days that is tried in one process."""

    period: str
    language: str
    seed: int
    days: int


def main() -> None:
    """Try everything, print the tables, and write them into the page if requested."""
    arguments = _arguments()
    started_at = time.monotonic()
    courses = list(_courses(arguments.days))
    with multiprocessing.Pool() as pool:
        results = [
            result for course in pool.imap_unordered(try_course, courses) for result in course
        ]
    took = time.monotonic() - started_at
    text = "\n".join([*_normal(results), "", *_bad(results), "", _how(arguments.days, took), ""])
    print(text)
    if arguments.write:
        before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
        _, _, after = rest.partition(END)
        PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}", encoding="utf-8")


def try_course(course: Course) -> list[Result]:
    """Make the days of a course and check them, and each kind of bad list made of them."""
    period = WEEKLY if course.period == "week" else DAILY
    world = World(period, course.language, course.seed)
    chance = Random(f"{course}")
    date = FIRST + datetime.timedelta(days=course.seed * 1400 // COURSES)
    results = []
    for number in range(course.days):
        longest = MAX_WEEKS if course.period == "week" else 28
        day = world.day(date + number * period.days * _DAY, chance.randint(0, longest))
        results.append(_check(f"normal {course.period}, {course.language}", day))
        results += _bad_of(day, chance)
    return results


def _bad_of(day: Day, chance: Random) -> Iterator[Result]:
    """Check each kind of bad list in every list of the day that it suits."""
    for kind in KINDS:
        for name in day.lists:
            if not kind.suits(day, name):
                continue
            made = kind.make(day, name, chance).only(name)
            if kind.needs_history and not made.history.get(name):
                continue
            result = _check(kind.name, made)
            caught = bool(kind.rules & result.rules) and result.verdict in kind.verdicts
            yield result._replace(caught=caught)


def _check(kind: str, day: Day) -> Result:
    snapshots = day.snapshots()
    started_at = time.perf_counter()
    report = validation_report(day.date, snapshots, THRESHOLDS)
    seconds = time.perf_counter() - started_at
    return Result(kind, report["verdict"], frozenset(failed_checks(report)), False, seconds)


def _courses(days: int) -> Iterator[Course]:
    weeks = -(-days // LISTS_OF_A_WEEK)
    for period, count, courses in (("week", weeks, COURSES // 4), ("day", days, COURSES)):
        for language in LANGUAGES:
            for seed in range(courses):
                yield Course(period, language, seed * COURSES // courses, -(-count // courses))


def _normal(results: list[Result]) -> Iterator[str]:
    yield "| normal | tried | pass | warn | fail | false alarms | by these rules | ms a report |"
    yield "|---|---:|---:|---:|---:|---:|---|---:|"
    for kind in sorted({each.kind for each in results if each.kind.startswith("normal")}):
        of_kind = [each for each in results if each.kind == kind]
        verdicts = Counter(each.verdict for each in of_kind)
        alarms = [each for each in of_kind if each.verdict != "pass"]
        rules = Counter(rule for each in alarms for rule in each.rules)
        named = ", ".join(f"{rule} {count}" for rule, count in rules.most_common()) or "none"
        counts = " | ".join(str(verdicts[verdict]) for verdict in ("pass", "warn", "fail"))
        milliseconds = 1000 * statistics.median(each.seconds for each in of_kind)
        share = f"{100 * len(alarms) / len(of_kind):.1f} %"
        yield f"| {kind} | {len(of_kind)} | {counts} | {share} | {named} | {milliseconds:.0f} |"


def _bad(results: list[Result]) -> Iterator[str]:
    yield "| bad | tried | warn | fail | caught by name | by |"
    yield "|---|---:|---:|---:|---:|---|"
    for kind in KINDS:
        of_kind = [each for each in results if each.kind == kind.name]
        verdicts = Counter(each.verdict for each in of_kind)
        caught = 100 * sum(each.caught for each in of_kind) / max(1, len(of_kind))
        rules = Counter(rule for each in of_kind for rule in kind.rules & each.rules)
        named = ", ".join(rule for rule, _ in rules.most_common())
        yield (
            f"| {kind.name} | {len(of_kind)} | {verdicts['warn']} | {verdicts['fail']} "
            f"| {caught:.1f} % | {named} |"
        )


def _how(days: int, took: float) -> str:
    words = f" --days {days}" if days != 300 else ""
    return (
        f"{datetime.date.today()}, `python benchmarks/quality.py{words}`, Python "
        f"{platform.python_version()}, {took:.0f} s on {multiprocessing.cpu_count()} cores."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--days", type=int, default=300, help="in each of the two languages")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/quality.md")
    return parser.parse_args()


_DAY = datetime.timedelta(days=1)

if __name__ == "__main__":
    main()
