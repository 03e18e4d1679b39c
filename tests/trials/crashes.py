"""Crashes, full disks, several runs at once: played on purpose, each looked at afterwards.

    python -m trials.crashes [--write] [--seed N] [--only NAME] [--list]

Every case draws its chance from the seed and its own name: `--only` with a name, or the beginning
of some, plays it alone and the same; `--list` prints the names.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from itertools import chain
from pathlib import Path

from trials import concurrent_runs, disks, kills, kills_of_luigid, mounts, permissions, places
from trials.aftermath import Findings, nothing
from trials.cases import Case, Clean, clean_run
from trials.record import tell

SEED = 20240107
LANES = 2
"""Cases at a time: this trial is for a machine of two cores."""

MOST_DRAWS = 12
"""Moments drawn for a case until one lies within its run."""

PARTS = (kills, kills_of_luigid, disks, permissions, places, concurrent_runs)


def main() -> int:
    """Play, count, tell."""
    wanted = _arguments()
    mounts.unshare()
    began = time.monotonic()
    with _place() as folder:
        clean = clean_run(folder)
        cases = [case for case in _cases(clean, folder) if case.name.startswith(wanted.only)]
        if wanted.list:
            print("\n".join(case.name for case in cases))
            return 0
        with ThreadPoolExecutor(LANES) as lanes:
            played = list(lanes.map(lambda case: play(case, clean, folder, wanted.seed), cases))
    found = list(zip(cases, played, strict=True))
    tell("crashes", HEADER, rows(found), [*words(found, wanted.seed, time.monotonic() - began)])
    return int(any(chain.from_iterable(chain.from_iterable(played))))


HEADER = ("what", "cases", "lost", "broken", "unexplained")


def play(case: Case, clean: Clean, folder: Path, seed: int) -> Findings:
    """Play a case, with another moment where the run was over before."""
    found: Findings | None = None
    for draw in range(MOST_DRAWS):
        stage = folder / f"{case.name}-{draw}"
        found = case.play(clean, stage, random.Random(f"{seed} {case.name} {draw}"))
        shutil.rmtree(stage, ignore_errors=True)
        if found is not None:
            break
    else:
        found = nothing()
        found.unexplained.append("no moment within the run was met")
    for what, each in zip(HEADER[2:], found, strict=True):
        for why in each:
            print(f"{case.name}: {what}: {why}", file=sys.stderr, flush=True)
    return found


def rows(found: Sequence[tuple[Case, Findings]]) -> list[list[str]]:
    """Add up by kind."""
    kinds = list(dict.fromkeys(case.kind for case, _ in found))
    each = {kind: [findings for case, findings in found if case.kind == kind] for kind in kinds}
    return [_row(kind, each[kind]) for kind in kinds]


def _row(kind: str, each: Sequence[Findings]) -> list[str]:
    return [kind, str(len(each)), *map(str, _wrong(each))]


def _wrong(each: Sequence[Findings]) -> list[int]:
    """Count the cases in which something was lost, broken, unexplained."""
    return [sum(map(bool, column)) for column in zip(*each, strict=True)]


def words(found: Sequence[tuple[Case, Findings]], seed: int, seconds: float) -> Iterator[str]:
    """Say it in a sentence."""
    lost, broken, unexplained = _wrong([findings for _, findings in found])
    killed = sum(case.kind.startswith("kill") for case, _ in found)
    yield (
        f"{len(found):,} cases, {killed:,} of them kill -9, in {seconds:.0f} s, seed {seed}: "
        f"**{lost} lost, {broken} broken, {unexplained} unexplained**."
    )
    if why := mounts.refused():
        yield f"Left out: real disks, since nothing can be mounted here ({why})."


@contextmanager
def _place() -> Iterator[Path]:
    """Return where the stages stand: in memory where that can be, for a kill spares the disk."""
    folder = Path(tempfile.mkdtemp(prefix="crashes-"))
    folder.chmod(0o755)
    with nullcontext() if mounts.refused() else mounts.tmpfs(folder, "size=1g,mode=755"):
        try:
            yield folder
        finally:
            for each in folder.iterdir():
                shutil.rmtree(each, ignore_errors=True)
    folder.rmdir()


def _cases(clean: Clean, folder: Path) -> Iterator[Case]:
    for part in PARTS:
        yield from part.cases(clean, folder)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--only", default="", help="names of cases, or how they begin")
    parser.add_argument("--list", action="store_true", help="print the names")
    parser.add_argument("--write", action="store_true", help="write docs/reliability.md")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
