"""Run the pipeline with the fault of a combination, and once more without it."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from support.fake_tmdb import V3_KEY, FakeTmdb

from trials import runs
from trials.judging import Documents, Observed, complaints, complaints_of_the_next
from trials.kinds import Cure
from trials.lists import LISTS, PLAN
from trials.matrix import PAGES, TIMES, Combination
from trials.outages import OUTAGES

Run = Callable[[runs.Place, str, Mapping[str, str]], runs.Ended]
"""`runs.forked` or `runs.as_process`."""


class Outcome(NamedTuple):
    """What came of a combination; with complaints it is unexplained."""

    combination: Combination
    complete: bool
    complaints: tuple[str, ...]
    errors: tuple[str, ...]


def undisturbed(run: Run) -> dict[str, Documents]:
    """Return, by job, the documents of a run without a fault."""
    found = {}
    for job in LISTS:
        with runs.place() as place, _tmdb() as tmdb:
            observed = observe(run, place, job, tmdb.url, tmdb)
        if observed.ended.status != 0:
            raise SystemExit(f"The undisturbed {job} run failed:\n{observed.ended.output}")
        found[job] = observed.documents
    return found


def run_with_fault(combination: Combination, clean: Mapping[str, Documents], run: Run) -> Outcome:
    """Run with the fault, then without it, and judge both."""
    try:
        return _run_with_fault(combination, clean[combination.job], run)
    except Exception:  # of the trial itself; the others go on
        return Outcome(combination, False, (traceback.format_exc(),), ())


def _run_with_fault(combination: Combination, whole: Documents, run: Run) -> Outcome:
    with runs.place() as place, _tmdb() as tmdb, _tmdb() as another:
        with _trouble(combination, tmdb) as url:
            hit = observe(run, place, combination.job, url, tmdb)
        tmdb.clear_faults()
        if combination.kind and combination.kind.cure is Cure.TIME:
            place.let_time_pass()
        healthy = another if combination.kind and not combination.kind.passes else tmdb
        again = observe(run, place, combination.job, healthy.url, healthy)
    found = [*complaints(combination, hit, whole), *complaints_of_the_next(hit, again, whole)]
    return Outcome(combination, hit.ended.status == 0, tuple(found), tuple(hit.ended.errors))


def observe(run: Run, place: runs.Place, job: str, url: str, tmdb: FakeTmdb) -> Observed:
    """Run a job against an address, and look at what it left and what it asked of the server."""
    before = tmdb.count()
    ended = run(place, job, place.environment(url, PIPELINE_CONFIG_DIR=str(PLAN)))
    return Observed(
        ended=ended,
        documents=runs.documents(place),
        written={path: place.written_at(path) for path in runs.documents(place)},
        requests=tmdb.requests[before:],
    )


def _tmdb() -> FakeTmdb:
    return FakeTmdb(key=V3_KEY, limit=None)


@contextlib.contextmanager
def _trouble(combination: Combination, tmdb: FakeTmdb) -> Iterator[str]:
    """Let the fault wait for its page, or take the whole server away; return its address."""
    kind, films = combination.kind, combination.films
    if kind is None:
        with OUTAGES[combination.name].address() as url:
            yield url
        return
    tmdb.fail(
        kind.fault(tmdb),
        path=films.path,
        page=PAGES[combination.position],
        times=TIMES[combination.times],
        query=films.query,
    )
    yield tmdb.url
