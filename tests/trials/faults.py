"""Every fault of the network, at every place: `python -m trials.faults [--write]` in `tests/`.

A label (`503/middle/twice/weekly`) as an argument repeats that combination alone and shows what was
complained of; `--sample N --seed S` takes N of them by chance. Each run ends complete and as a run
that nothing disturbed, or failed as expected and with no more left than the lists that are whole;
whatever else happens is unexplained.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from trials import runs
from trials.faulty_run import Outcome, Run, run_with_fault, undisturbed
from trials.judging import Documents
from trials.matrix import Combination, labelled, product
from trials.record import tell

AT_A_TIME = 2

AS_PROCESSES = (
    *("503/first/once/daily", "reset inside the body/middle/once/weekly", "404/last/always/weekly"),
    *("401/first/always/daily", "403/middle/once/weekly", "HTML/last/twice/daily"),
    *("another page/middle/once/weekly", "429 after 1/last/once/daily"),
    *("results null/middle/always/daily", "id of another type/last/twice/weekly"),
    *("gzip unannounced/middle/always/weekly", "redirect elsewhere/first/always/daily"),
    *("reset on accept/middle/once/daily", "cut body/last/twice/weekly"),
)
"""Run once more by the installed command, in a process of its own and with all its waits."""

Clean = Mapping[str, Documents]


def main() -> None:
    """Run, print, write, and exit with 1 where anything is unexplained."""
    options = _options()
    chosen = _chosen(options)
    outcomes = list(_all_of(chosen, undisturbed(runs.forked), runs.forked))
    as_processes = []
    if not options.labels and not options.sample:
        labels = map(labelled, AS_PROCESSES)
        as_processes = list(_all_of(labels, undisturbed(runs.as_process), runs.as_process))
    tell("faults", HEADER, _rows(outcomes), _words(outcomes, as_processes, options))
    sys.exit(any(outcome.complaints for outcome in [*outcomes, *as_processes]))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="trials.faults")
    parser.add_argument("labels", nargs="*", help="KIND/PAGE/TIMES/JOB, repeated alone")
    parser.add_argument("--sample", type=int, help="so many by chance instead of all")
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    parser.add_argument("--write", action="store_true", help="into docs/reliability.md")
    options = parser.parse_args()
    if options.write and (options.labels or options.sample):
        parser.error("--write is for the whole product")
    return options


def _chosen(options: argparse.Namespace) -> list[Combination]:
    """Return what to run, in an order by chance, so that long runs do not come all at once."""
    chosen = list(map(labelled, options.labels)) or product()
    return random.Random(options.seed).sample(chosen, options.sample or len(chosen))


def _all_of(combinations: Iterable[Combination], clean: Clean, run: Run) -> Iterator[Outcome]:
    """Run each combination, some at a time, in processes that have imported everything."""
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(AT_A_TIME, context, _remember, (clean, run)) as pool:
        for outcome in pool.map(_run_with_fault, combinations):
            if outcome.complaints:
                _show(outcome)
            yield outcome


def _show(outcome: Outcome) -> None:
    print(f"UNEXPLAINED {outcome.combination.label}", *outcome.complaints, sep="\n  ", flush=True)


class _Known:
    """What each process of the pool was given when it was forked."""

    run_with_fault: partial[Outcome]


def _remember(clean: Clean, run: Run) -> None:
    _Known.run_with_fault = partial(run_with_fault, clean=clean, run=run)


def _run_with_fault(combination: Combination) -> Outcome:
    return _Known.run_with_fault(combination)


HEADER = ("fault", "combinations", "complete", "failed as expected", "unexplained")


def _rows(outcomes: Sequence[Outcome]) -> list[list[str]]:
    groups = dict.fromkeys(each.group for each in product())
    rows = [
        _row(group, of_it)
        for group in groups
        if (of_it := [each for each in outcomes if each.combination.group == group])
    ]
    return [*rows, _row("**all**", outcomes)]


def _row(name: str, outcomes: Sequence[Outcome]) -> list[str]:
    unexplained = sum(1 for each in outcomes if each.complaints)
    complete = sum(1 for each in outcomes if each.complete and not each.complaints)
    failed = len(outcomes) - complete - unexplained
    return [name, *map(str, (len(outcomes), complete, failed, unexplained))]


def _words(
    outcomes: Sequence[Outcome], as_processes: Sequence[Outcome], options: argparse.Namespace
) -> list[str]:
    words = [
        f"Order by seed {options.seed}; {len(outcomes)} runs with a fault, {len(outcomes)} without "
        "after them, each complete and the same byte for byte as one that nothing disturbed.",
    ]
    if as_processes:
        unexplained = sum(1 for each in as_processes if each.complaints)
        words += [
            "",
            f"{len(as_processes)} of them again by the `luigi` command in a process of its own, "
            f"with all its waits: {len(as_processes) - unexplained} ended the same.",
        ]
    return words


if __name__ == "__main__":
    main()
