"""kill -9 of luigid while it coordinates a run, and of a run while luigid coordinates it."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from support.luigid_process import our_luigid
from support.ports import free_port

from trials import launched
from trials.aftermath import Findings, after, faults_of_end, nothing
from trials.cases import LATENCY_SECONDS, WORKERS, Case, Clean, Words
from trials.stages import DAILY, NAMES, WEEKLY, Stage, stage

DONE, RUNNING, NOT_RUN, TASK_FAILED, NO_LUIGID = 0, 10, 25, 30, 40

TIMES = {"and back at once": 3, "and gone": 1, "keeps on, the run is killed": 1}
"""How often each happens, for each command and number of workers."""

PATIENCE_SECONDS = 20.0
"""By when luigid has noticed that a killed run is dead, and gives its tasks to another."""

CONFIGURATION = """
[scheduler]
prune_on_get_work = True
stable_done_cooldown_secs = 0
worker_disconnect_delay = 1
retry_delay = 1
"""


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them."""
    for what, times in TIMES.items():
        for words in (DAILY, WEEKLY):
            for workers in WORKERS:
                where = f"{what.split()[-1]}-{NAMES[words]}-{workers}"
                play = partial(_play, what, words, workers)
                kind = f"kill -9 of luigid, {what}" if "run" not in what else "kill -9 below luigid"
                for number in range(times):
                    yield Case(kind, f"luigid-{where}-{number}", play)


def _play(
    what: str, words: Words, workers: int,
    clean: Clean, folder: Path, chance: random.Random,
) -> Findings | None:  # fmt: skip
    seconds = clean.seconds(folder / "measured", launched.command, words, workers)
    with stage(folder / "stage", latency=LATENCY_SECONDS) as one:
        port = str(free_port())
        number = ("--workers", str(workers))
        options = ("--port", port, "--state-path", str(folder / "luigid/state.pickle"))
        ours = {"configuration": CONFIGURATION, "PIPELINE_DATA_DIR": str(one.data)}
        with our_luigid(folder / "luigid", *options, **ours) as first:
            run = one.start(words, *number, by=launched.command, luigid=first.url)
            time.sleep(chance.uniform(0, seconds))
            if run.over:
                return None
            if "run" in what:
                run.kill()
                return _tried_again(one, words, clean, first.url)
            first.process.kill()
            first.process.wait()
            if what == "and gone":
                found = _ended(one, run.status(), run.text)
                found.add(after(one, words, clean.contents, clean.made[words], *number))
                return found
        with our_luigid(folder / "luigid", *options, **ours) as second:
            found = _ended(one, run.status(), run.text)
            found.add(_tried_again(one, words, clean, second.url))
            return found


def _ended(one: Stage, status: int, text: str) -> Findings:
    found = nothing()
    allowed = [DONE, NOT_RUN, TASK_FAILED, NO_LUIGID]
    found.unexplained.extend(faults_of_end(status, text, allowed))
    return found


def _tried_again(one: Stage, words: Words, clean: Clean, url: str) -> Findings:
    """Run the command until luigid grants it: a dead run keeps its tasks for a moment."""
    return after(
        one, words, clean.contents, clean.made[words], luigid=url, patience=PATIENCE_SECONDS
    )
