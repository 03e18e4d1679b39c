"""Folders and files that the run's user may not use, and outputs that take nothing."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from support.repository import REPOSITORY

from trials.aftermath import Findings, after, faults_of_end, missing, nothing
from trials.cases import Case, Clean
from trials.launched import command
from trials.stages import DAILY, stage

DONE, TASK_FAILED, NOT_PLANNED = 0, 30, 35

OURS = f"tmp/tmdb-pipeline-{os.getuid()}"
POPULAR = "data/raw/movies/daily/popular_movies_20240107.json"
REPORT = "data/raw/metadata/quality_reports/validation_report_20240107.json"


class Closed(NamedTuple):
    """A place that is closed, and how a run ends because of it."""

    place: str
    modes: tuple[int, ...]
    status: int
    after: tuple[str, ...] = ()
    """Which files of a clean run are there already."""


CLOSED = (
    Closed("data", (0o555, 0o000), TASK_FAILED),
    Closed("data/raw", (0o555, 0o000), TASK_FAILED),
    Closed("data/raw/movies/daily", (0o555, 0o000), TASK_FAILED),
    Closed("data/raw/metadata", (0o555, 0o000), TASK_FAILED),
    Closed("data/logs", (0o555, 0o000), DONE),
    Closed("data/logs/journal", (0o555, 0o000), DONE),
    Closed(POPULAR, (0o000,), TASK_FAILED, (POPULAR,)),
    Closed(REPORT, (0o000,), TASK_FAILED, (POPULAR, REPORT)),
    Closed(OURS, (0o555, 0o000), TASK_FAILED),
    Closed("config/collection.toml", (0o000,), NOT_PLANNED),
    Closed("config", (0o000,), NOT_PLANNED),
    Closed("config/quality.toml", (0o000,), NOT_PLANNED),
    Closed(".env", (0o000,), NOT_PLANNED),
)

OUTPUTS = {
    "full": ">/dev/full 2>/dev/full",
    "full-out": ">/dev/full",
    "full-err": "2>/dev/full",
    "closed": ">&- 2>&-",
    "closed-out": ">&-",
    "closed-err": "2>&-",
}


def cases(clean: Clean, folder: Path) -> Iterator[Case]:
    """Return all of them."""
    for closed in CLOSED:
        for mode in closed.modes:
            where = closed.place.replace("/", "-")
            play = partial(_closed, closed, mode)
            yield Case("no permission", f"permissions-{where}-{mode:o}", play)
    for name, redirection in OUTPUTS.items():
        play = partial(_no_output, redirection)
        yield Case("output that takes nothing", f"outputs-{name}", play)


def _closed(
    closed: Closed, mode: int, clean: Clean, folder: Path, chance: random.Random
) -> Findings:
    with stage(folder / "stage") as one:
        clean.put(one, [name.removeprefix("data/") for name in closed.after])
        place = one.folder / closed.place
        if place.suffix or place.name == ".env":
            _written(place)
        else:
            place.mkdir(parents=True, exist_ok=True)
        place.chmod(mode)
        run = one.start(DAILY, powerless=True)
        found = nothing()
        found.unexplained.extend(faults_of_end(run.status(), run.text, [closed.status]))
        if closed.status == DONE:
            found.broken.extend(missing(one.data, clean.contents, clean.made[DAILY]))
        elif "ermission denied" not in run.text:
            found.unexplained.append(f"it does not say why: {run.text!r}")
        place.chmod(0o755 if place.is_dir() else 0o644)
        found.add(after(one, DAILY, clean.contents, clean.made[DAILY]))
        return found


def _written(place: Path) -> None:
    """Make a file that a run only reads."""
    if place.name == "quality.toml":
        shutil.copy(REPOSITORY / "config/quality.toml", place)
    place.touch()


def _no_output(redirection: str, clean: Clean, folder: Path, chance: random.Random) -> Findings:
    """What a run prints is lost; what it collects is not, and its log is there."""
    with stage(folder / "stage") as one:
        run = one.start(DAILY, by=partial(command, redirection=redirection))
        status = run.status()
        found = nothing()
        found.unexplained.extend(faults_of_end(status, run.text, [DONE]))
        found.broken.extend(missing(one.data, clean.contents, clean.made[DAILY]))
        if not list(one.data.glob("logs/*.log")):
            found.broken.append("the run has no log")
        found.add(after(one, DAILY, clean.contents, clean.made[DAILY]))
        return found
