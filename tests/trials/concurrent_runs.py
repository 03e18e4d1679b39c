"""Several runs of the same date at once, below one data root."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from pathlib import Path

from support.luigid_process import Luigid, our_luigid
from support.repository import REPOSITORY

from trials import launched
from trials.aftermath import Findings, after, ended_well, faults_of_end, nothing
from trials.cases import WORKERS, Case, Clean, Words
from trials.kills_of_luigid import CONFIGURATION
from trials.kills_of_luigid import PATIENCE_SECONDS as PATIENCE
from trials.stages import NAMES, PAGES, Stage, stage

LIMIT, RATE = 10, 5
"""Requests a second that TMDB allows, and our rate limit. Eight runs that do not share the limit
exceed what TMDB allows; forty processes on two cores, late by half a second, do not."""

RUNS_AT_ONCE = (2, 8)
DONE, RUNNING, NOT_RUN = 0, 10, 25


SCHEDULERS = {
    "local": [DONE],
    "luigid": [DONE, RUNNING, NOT_RUN],
    "unattended": [DONE, RUNNING, NOT_RUN],
}
"""The exit statuses that the runs may have. luigid refuses a second interactive run; others
wait, so that all documents exist in the end, though luigi reports that others did the work."""


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them."""
    for scheduler in SCHEDULERS:
        for runs in RUNS_AT_ONCE:
            for words, name in NAMES.items():
                for workers in WORKERS if words != PAGES else WORKERS[:1]:
                    play = partial(_play, scheduler, runs, words, workers)
                    label = f"concurrent-runs-{scheduler}-{runs}-{name}-{workers}"
                    yield Case(f"{runs} runs at once, {_WHERE[scheduler]}", label, play)


_WHERE = {
    "local": "local scheduler",
    "luigid": "one luigid",
    "unattended": "one luigid, unattended.cfg",
}


def _luigid(folder: Path, one: Stage) -> AbstractContextManager[Luigid]:
    """A luigid of the stage's data root."""
    state = ("--state-path", str(folder / "luigid/state.pickle"))
    return our_luigid(
        folder / "luigid", *state, configuration=CONFIGURATION, PIPELINE_DATA_DIR=str(one.data)
    )


def _play(
    scheduler: str, runs: int, words: Words, workers: int,
    clean: Clean, folder: Path, chance: random.Random,
) -> Findings:  # fmt: skip
    with (
        stage(folder / "stage", limit=LIMIT) as one,
        nullcontext() if scheduler == "local" else _luigid(folder, one) as luigid,
    ):
        clean.prepare(one, words)
        url = luigid.url if luigid else ""
        variables = {"TMDB_REQUESTS_PER_SECOND": str(RATE)}
        if scheduler == "unattended":
            variables["LUIGI_CONFIG_PATH"] = str(REPOSITORY / "config/unattended.cfg")
        number = ("--workers", str(workers))
        by = launched.command
        started = [
            one.start(words, *number, by=by, luigid=url, variables=variables) for _ in range(runs)
        ]
        found = nothing()
        for run in started:
            why = faults_of_end(run.status(), run.text, SCHEDULERS[scheduler])
            found.unexplained.extend(why)
        if one.tmdb.refusals:
            found.unexplained.append(f"TMDB refused {one.tmdb.refusals} requests")
        if scheduler == "luigid":
            made = clean.made[words]
            found.add(after(one, words, clean.contents, made, luigid=url, patience=PATIENCE))
        else:
            found.add(ended_well(one, clean.contents, clean.made[words]))
        return found
