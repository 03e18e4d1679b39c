"""A disk that is full, read-only, without inodes, broken: at each call, and for real on a tmpfs."""

from __future__ import annotations

import errno
import os
import random
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from trials import mounts
from trials.aftermath import Findings, after, faults_of_end, missing, nothing
from trials.cases import Case, Clean, Words
from trials.launched import Run
from trials.stages import DAILY, NAMES, WEEKLY, stage
from trials.trapped import MEETS, Trap

DONE, TASK_FAILED = 0, 30

EVERY = {errno.ENOSPC: 1, errno.EIO: 4, errno.EACCES: 4, errno.EROFS: 4}
EVERY_ELSEWHERE = 10
"""Of the calls of the day that meet an error; and of the week's and the pages' calls."""

KILOBYTES = {DAILY: range(4, 112, 8), WEEKLY: range(4, 208, 16)}
INODES = {DAILY: range(1, 22, 2), WEEKLY: range(2, 22, 4)}
ENOUGH = "size=64m,nr_inodes=10000"


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them."""
    for error in MEETS:
        yield from cases_of(error, clean, folder)
    if not mounts.refused():
        yield from _on_real_disks(clean)


def cases_of(error: int, clean: Clean, folder: Path) -> Iterator[Case]:
    """Return those in which calls meet that error."""
    code = errno.errorcode[error]
    for words, name in NAMES.items():
        calls = clean.calls(folder / f"calls-{error}-{name}", words, error)
        every = EVERY.get(error, EVERY_ELSEWHERE) if words == DAILY else EVERY_ELSEWHERE
        for at in range(1, len(calls) + 1, every):
            play = partial(_injected, words, error, at, "data")
            yield Case(f"{code} at the N-th call", f"disks-{code}-{name}-{at}", play)
    calls = clean.calls(folder / f"calls-{error}-tmp", DAILY, error, "tmp")
    for at in range(1, len(calls) + 1, EVERY.get(error, EVERY_ELSEWHERE)):
        play = partial(_injected, DAILY, error, at, "tmp")
        yield Case(f"{code} at the N-th call", f"disks-{code}-tmp-{at}", play)


def _on_real_disks(clean: Clean) -> Iterator[Case]:
    for words, sizes in KILOBYTES.items():
        for size in sizes:
            play = partial(_small, words, f"size={size}k")
            yield Case("full tmpfs", f"disks-full-{NAMES[words]}-{size}", play)
    for words, numbers in INODES.items():
        for number in numbers:
            play = partial(_small, words, f"size=64m,nr_inodes={number}")
            yield Case("no inodes on a tmpfs", f"disks-inodes-{NAMES[words]}-{number}", play)
    for words, name in NAMES.items():
        for done in range(len(clean.made[words]) + 1):
            play = partial(_read_only, words, done)
            yield Case("read-only tmpfs", f"disks-read-only-{name}-{done}", play)


def explained(run: Run, status: int, clean: Clean, words: Words, data: Path) -> list[str]:
    """Return what is wrong with how a run ended whose disk was bad: 0 says that all is there."""
    wrong = faults_of_end(status, run.text, [DONE, TASK_FAILED])
    if status == DONE:
        wrong.extend(
            f"status 0, but {why}" for why in missing(data, clean.contents, clean.made[words])
        )
    return wrong


def _injected(
    words: Words, error: int, at: int, below: str,
    clean: Clean, folder: Path, chance: random.Random,
) -> Findings:  # fmt: skip
    with stage(folder / "stage") as one:
        clean.prepare(one, words)
        run = one.start(words, trap=Trap(str(one.folder / below), str(folder / "count"), at, error))
        status = run.status()
        found = nothing()
        found.unexplained.extend(explained(run, status, clean, words, one.data))
        if status and os.strerror(error) not in run.text:
            found.unexplained.append(f"it does not say {os.strerror(error)!r}: {run.text!r}")
        found.add(after(one, words, clean.contents, clean.made[words]))
        return found


def _small(
    words: Words, options: str, clean: Clean, folder: Path, chance: random.Random
) -> Findings:
    data = folder / "data"
    with mounts.tmpfs(data, options), stage(folder / "stage", data=data) as one:
        run = one.start(words)
        found = nothing()
        found.unexplained.extend(explained(run, run.status(), clean, words, data))
        mounts.remount(data, ENOUGH)
        found.add(after(one, words, clean.contents, clean.made[words]))
        return found


def _read_only(
    words: Words, done: int, clean: Clean, folder: Path, chance: random.Random
) -> Findings:
    """Some of the files are there, in the order of their making, and the disk turns read-only."""
    data = folder / "data"
    with mounts.tmpfs(data, ENOUGH), stage(folder / "stage", data=data) as one:
        clean.prepare(one, words)
        clean.put(one, clean.in_order(words)[:done])
        mounts.remount(data, "ro")
        run = one.start(words)
        found = nothing()
        found.unexplained.extend(explained(run, run.status(), clean, words, data))
        mounts.remount(data, "rw")
        found.add(after(one, words, clean.contents, clean.made[words]))
        return found
