"""What a trial of crashes is made of: cases that can be played alone, and the clean run."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from trials import launched
from trials.aftermath import Findings, contents
from trials.stages import DAILY, NAMES, PAGES, WEEKLY, Stage, Starter, stage
from trials.trapped import Trap, counted

LATENCY_SECONDS = 0.02
"""Of the TMDB that a run is killed at."""

STARTERS: dict[str, Starter] = {"command": launched.command, "fork": launched.forked}
WORKERS = (1, 4)
NEVER = 10**9

Words = tuple[str, ...]


class Clean(NamedTuple):
    """What the commands make and how they go when nothing disturbs them."""

    root: Path
    contents: Mapping[str, Any]
    made: Mapping[Words, frozenset[str]]
    lengths: dict[tuple[Starter, Words, int], float]
    counts: dict[tuple[Words, int, str], list[str]]

    def prepare(self, stage: Stage, words: Words) -> None:
        """Put what a command works on into a stage's data root."""
        if words == PAGES:
            for folder in ("raw", "processed"):
                shutil.copytree(self.root / folder, stage.data / folder)

    def put(self, stage: Stage, names: Iterable[str]) -> None:
        """Put finished files of the clean run into a stage's data root."""
        for name in names:
            (stage.data / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(self.root / name, stage.data / name)

    def in_order(self, words: Words) -> list[str]:
        """Return what a command makes in the order of its making."""
        return sorted(self.made[words], key=lambda name: (self.root / name).stat().st_mtime_ns)

    def seconds(self, folder: Path, by: Starter, words: Words, workers: int) -> float:
        """Return how long a run takes, measured once."""
        if (by, words, workers) not in self.lengths:
            with stage(folder, latency=LATENCY_SECONDS) as one:
                self.prepare(one, words)
                run = one.start(words, "--workers", str(workers), by=by)
                assert run.status() == 0, run.text
                self.lengths[by, words, workers] = time.monotonic() - run.began
        return self.lengths[by, words, workers]

    def calls(self, folder: Path, words: Words, error: int = 0, below: str = "data") -> list[str]:
        """Name the calls of a run that a trap of this kind counts, counted once."""
        if (words, error, below) not in self.counts:
            with stage(folder) as one:
                self.prepare(one, words)
                trap = Trap(str(one.folder / below), str(folder / "count"), NEVER, error)
                run = one.start(words, trap=trap)
                assert run.status() == 0, run.text
                self.counts[words, error, below] = counted(folder / "count")
        return self.counts[words, error, below]


class Case(NamedTuple):
    """One crash. `play` returns None where the run was over before it came to it."""

    kind: str
    name: str
    play: Callable[[Clean, Path, random.Random], Findings | None]


def clean_run(folder: Path) -> Clean:
    """Run all three commands once, and once more to see that they come to the same."""
    made: dict[Words, frozenset[str]] = {}
    with stage(folder / "clean") as first, stage(folder / "again") as second:
        for words in (DAILY, WEEKLY, PAGES):
            before = contents(first.data)
            for each in (first, second):
                run = each.start(words)
                assert run.status() == 0, run.text
            made[words] = frozenset(contents(first.data)) - frozenset(before)
        clean = contents(first.data)
        assert None not in clean.values()
        assert clean == contents(second.data), "two clean runs differ"
        assert all(made[words] for words in NAMES)
        return Clean(first.data, clean, made, {}, {})
