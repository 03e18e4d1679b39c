"""kill -9: of everything, of one worker, of the parent alone, and at each step of publishing."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil

from trials.aftermath import Findings, after, faults_of_end, nothing
from trials.cases import LATENCY_SECONDS, STARTERS, WORKERS, Case, Clean, Words
from trials.launched import Run
from trials.stages import DAILY, NAMES, PAGES, WEEKLY, stage
from trials.trapped import Trap

DONE, TASK_FAILED, KILLED = 0, 30, -signal.SIGKILL

ALIVE_SECONDS = 5.0
"""How long workers may outlive their parent."""

TIMES = {("everything", "command"): 8, ("everything", "fork"): 4,
         ("one worker", "command"): 4, ("one worker", "fork"): 4,
         ("the parent", "command"): 4, ("the parent", "fork"): 4}  # fmt: skip
"""How often each is killed, for each command and number of workers."""

EVERY = {(DAILY, 1): 1, (WEEKLY, 1): 8, (PAGES, 1): 8,
         (DAILY, 4): 16, (WEEKLY, 4): 16, (PAGES, 4): 16}  # fmt: skip
"""Of the steps of a run at which one of its processes is killed: each, each third and so on."""

Victim = Callable[[Run, random.Random], list[str] | None]


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them: at random moments, and aimed."""
    for (victim, starter), times in TIMES.items():
        for words in (DAILY, WEEKLY):
            for workers in WORKERS if victim == "everything" else WORKERS[1:]:
                where = f"{starter}-{NAMES[words]}-{workers}"
                play = partial(_random, victim, starter, words, workers)
                kind = f"kill -9 of {victim}, {'real command' if starter == 'command' else starter}"
                for number in range(times):
                    yield Case(kind, f"kills-{victim}-{where}-{number}".replace(" ", "-"), play)
    for words, name in NAMES.items():
        steps = clean.calls(folder / f"steps-{name}", words)
        for at, step in enumerate(steps, start=1):
            for workers in (each for each in WORKERS if at % EVERY[words, each] == 0):
                label = f"kills-step-{name}-{workers}-{at}"
                yield Case(
                    f"kill -9 around {_call(step)}", label, partial(_aimed, words, workers, at)
                )


def _call(step: str) -> str:
    """Name the call that a step is before, within or after."""
    return step.rpartition(" ")[2]


def _random(
    victim: str, starter: str, words: Words, workers: int,
    clean: Clean, folder: Path, chance: random.Random,
) -> Findings | None:  # fmt: skip
    by = STARTERS[starter]
    seconds = clean.seconds(folder / "measured", by, words, workers)
    with stage(folder / "stage", latency=LATENCY_SECONDS) as one:
        clean.prepare(one, words)
        run = one.start(words, "--workers", str(workers), by=by)
        time.sleep(chance.uniform(0, seconds))
        why = _VICTIMS[victim](run, chance)
        if why is None:
            return None
        found = after(one, words, clean.contents, clean.made[words], "--workers", str(workers))
        found.unexplained.extend(why)
        return found


def _aimed(
    words: Words, workers: int, at: int, clean: Clean, folder: Path, chance: random.Random
) -> Findings:
    with stage(folder / "stage") as one:
        clean.prepare(one, words)
        trap = Trap(str(one.data), str(folder / "count"), at)
        run = one.start(words, "--workers", str(workers), trap=trap)
        status = run.status()
        found = nothing()
        if status != KILLED:
            allowed = [DONE, TASK_FAILED] if workers > 1 else []
            found.unexplained.extend(faults_of_end(status, run.text, allowed))
        found.add(after(one, words, clean.contents, clean.made[words]))
        return found


def _everything(run: Run, chance: random.Random) -> list[str] | None:
    if run.over:
        return None
    run.kill()
    return [] if run.status() == KILLED else None


def _the_parent(run: Run, chance: random.Random) -> list[str] | None:
    workers = _some_workers(run)
    if not workers:
        return None
    run.kill_alone()
    deadline = time.monotonic() + ALIVE_SECONDS
    while any(map(_lives, workers)):
        if time.monotonic() > deadline:
            return ["workers live on without their parent"]
        time.sleep(0.01)
    return []


def _lives(process: psutil.Process) -> bool:
    """Whether it still does anything; one that nobody has waited for does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _one_worker(run: Run, chance: random.Random) -> list[str] | None:
    workers = _some_workers(run)
    if not workers:
        return None
    try:
        chance.choice(workers).kill()
    except psutil.NoSuchProcess:
        return None
    status = run.status()
    return faults_of_end(status, run.text, [DONE, TASK_FAILED])


def _some_workers(run: Run) -> list[psutil.Process]:
    """Wait for a moment at which it has workers."""
    while not run.over:
        if workers := run.workers():
            return workers
        time.sleep(0.001)
    return []


_VICTIMS: dict[str, Victim] = {
    "everything": _everything, "the parent": _the_parent, "one worker": _one_worker,
}  # fmt: skip
