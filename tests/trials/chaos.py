"""Runs with a fifth of all answers faulty: `python -m trials.chaos [--write]` in `tests/`.

The plan is the pipeline's own: 6 pages a day, 140 a week. The fault of an answer follows from the
run's seed, the page and the attempt, so that `--only SEED` repeats a run however its requests were
timed. A run that fails is started again with the same trouble, as cron would; it counts as lost
if it is not complete after three, or is in anything but its effort other than undisturbed.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from typing import NamedTuple

from support.fake_tmdb import V3_KEY, FakeTmdb, Fault

from trials import runs
from trials.judging import FAILED, Documents, about_what_it_says, differences
from trials.kinds import KINDS, Cure
from trials.record import tell

AT_A_TIME = 2
RUNS = 100
FAULTY = 0.2
STARTS = 3
FIRST_SEED = 1

PASSING = [kind for kind in KINDS.values() if kind.cure is Cure.RETRY and kind.passes]


class Chance:
    """Choose the fault of a request: one in five answers has one, by seed, page and attempt."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._attempts: Counter[tuple[str, ...]] = Counter()
        self._counting = threading.Lock()
        self.tmdb: FakeTmdb | None = None
        self.faults = 0

    def __call__(self, path: str, query: Mapping[str, str]) -> Fault | None:
        page = (path, query.get("with_genres", ""), query.get("page", ""))
        with self._counting:
            self._attempts[page] += 1
            chance = random.Random(f"{self._seed} {page} {self._attempts[page]}")
            if self.tmdb is None or chance.random() >= FAULTY:
                return None
            self.faults += 1
        return chance.choice(PASSING).fault(self.tmdb)


class Outcome(NamedTuple):
    """How one seed went: starts that it took, requests, faults, and what was wrong if anything."""

    seed: int
    job: str
    starts: int
    requests: int
    faults: int
    complaints: tuple[str, ...]


def main() -> None:
    """Run, print, write, and exit with 1 where anything is lost."""
    parser = argparse.ArgumentParser(prog="trials.chaos")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--seed", type=int, default=FIRST_SEED, help="the first run's; then on")
    parser.add_argument("--only", type=int, help="the seed of one run, to repeat it alone")
    parser.add_argument("--write", action="store_true", help="into docs/reliability.md")
    options = parser.parse_args()
    if options.write and (options.only or options.runs < RUNS):
        parser.error(f"--write is for {RUNS} runs and more")
    seeds = [options.only] if options.only else range(options.seed, options.seed + options.runs)
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(AT_A_TIME, context) as pool:
        outcomes = list(pool.map(partial(endure, clean=undisturbed()), seeds))
    for each in filter(lambda outcome: outcome.complaints, outcomes):
        print(f"LOST {each.job}, seed {each.seed}", *each.complaints, sep="\n  ")
    tell("chaos", HEADER, _rows(outcomes), _words(outcomes))
    sys.exit(any(each.complaints for each in outcomes))


def job_of(seed: int) -> str:
    """Return the job of a seed: both in turn."""
    return list(runs.JOBS)[seed % len(runs.JOBS)]


def undisturbed() -> dict[str, Documents]:
    """Return, by job, the documents of a run without a fault."""
    found: dict[str, Documents] = {}
    for job in runs.JOBS:
        with runs.place() as place, FakeTmdb(key=V3_KEY, limit=None) as tmdb:
            ended = runs.forked(place, job, place.environment(tmdb.url))
            if ended.status != 0:
                raise SystemExit(f"The undisturbed {job} run failed:\n{ended.output}")
            found[job] = runs.documents(place)
    return found


def endure(seed: int, clean: Mapping[str, Documents]) -> Outcome:
    """Start a run until it is complete, three times at most, and judge it."""
    job, chance = job_of(seed), Chance(seed)
    with runs.place() as place, FakeTmdb(key=V3_KEY, limit=None, choose_fault=chance) as tmdb:
        chance.tmdb = tmdb
        for starts in range(1, STARTS + 1):  # noqa: B007
            ended = runs.forked(place, job, place.environment(tmdb.url))
            complaints = list(_complaints(ended, runs.documents(place), clean[job]))
            if ended.status == 0 or complaints:
                break
        else:
            complaints = [f"not complete after {STARTS} starts", *ended.errors]
        return Outcome(seed, job, starts, tmdb.count(), chance.faults, tuple(complaints))


def _complaints(ended: runs.Ended, found: Documents, whole: Documents) -> Iterator[str]:
    if ended.status not in (0, FAILED):
        yield f"status {ended.status}"
    yield from about_what_it_says(ended)
    yield from differences(found, whole)
    if ended.status == 0 and (missing := whole.keys() - found.keys()):
        yield f"complete, but without {sorted(missing)}"


HEADER = ("job", "runs", "requests", "faulty", "complete", "of these started again", "lost")


def _rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    return [_row(job, [each for each in outcomes if each.job == job]) for job in runs.JOBS]


def _row(job: str, outcomes: Sequence[Outcome]) -> list[str]:
    requests = sum(each.requests for each in outcomes)
    faults = sum(each.faults for each in outcomes)
    complete = [each.starts for each in outcomes if not each.complaints]
    again = len(complete) - complete.count(1)
    counts = (len(complete), again, len(outcomes) - len(complete))
    share = f"{faults:,} ({faults / max(1, requests):.1%})"
    return [job, str(len(outcomes)), f"{requests:,}", share, *map(str, counts)]


def _words(outcomes: Sequence[Outcome]) -> list[str]:
    pages = {"daily": 6, "weekly": 140}
    expected = sum(pages[each.job] for each in outcomes) * FAULTY ** (runs.RETRIES + 1)
    return [
        f"Seeds {outcomes[0].seed} to {outcomes[-1].seed}, {len(PASSING)} kinds of faults. "
        f"A page fails if all of its {runs.RETRIES + 1} attempts do, {FAULTY}^{runs.RETRIES + 1} = "
        f"{FAULTY ** (runs.RETRIES + 1):.1e}; so {expected:.1f} of these runs were to be expected "
        "to fail and be started again."
    ]


if __name__ == "__main__":
    main()
