"""Rounds of all contenders, what each run cost the API, and whether it brought every movie."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from process import clean_environment, tree
from report import REPOSITORY
from server import Api

from harness.contenders import (
    REFERENCE,
    TELEMETRY_OFF,
    Contender,
    Cost,
    Failed,
    Job,
    NotReady,
    Place,
)
from harness.services import end_strays
from harness.venvs import BENCH, OURS, PEERS, InstallFailed, Venv, installed

Lists = dict[str, list[int]]
"""The ids of the movies of each list, sorted, and of the week under CONSOLIDATED."""

CONSOLIDATED = "consolidated"
LOGS = BENCH / "logs"
FAILURES = (Failed, NotReady, OSError, KeyError, ValueError, subprocess.SubprocessError)
"""What can go wrong with a tool that is installed; anything else is a fault of the benchmark."""


@dataclass(frozen=True)
class Run:
    """One run and what the API saw of it."""

    cost: Cost
    requests: int
    refusals: int
    complete: bool


@dataclass
class Result:
    """All that was measured of a contender; `failure` is a sentence where it has failed.

    `weighed` and `again` are single runs: memory takes time to look at, and a second run of a
    finished week shows what is asked for once more.
    """

    name: str
    tool: str
    runs: list[Run] = field(default_factory=list)
    weighed: Run | None = None
    again: Run | None = None
    again_does: str = ""
    start_seconds: list[float] = field(default_factory=list)
    idle_mb: float | None = None
    idle_processes: int | None = None
    failure: str | None = None

    @property
    def wall_seconds(self) -> float:
        """The median over the rounds."""
        return statistics.median(run.cost.wall_seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """The median over the rounds."""
        return statistics.median(run.cost.cpu_seconds for run in self.runs)

    @property
    def complete(self) -> bool:
        """Whether no run has lost a movie, or brought one twice."""
        return all(run.complete for run in [*self.runs, self.weighed, self.again] if run)


class Arena:
    """Where contenders meet: one API, one folder, and our movies to compare theirs with."""

    def __init__(self, api: Api, folder: Path) -> None:
        self._api = api
        self._folder = folder
        self._venvs: dict[str, Venv] = {}
        self._reference: Lists = {}
        folder.chmod(0o755)  # PostgreSQL runs as another user and has to get in
        shutil.rmtree(LOGS, ignore_errors=True)
        LOGS.mkdir(parents=True)

    def prepare(self, contender: Contender, result: Result) -> None:
        """Install it, and run it once unmeasured: nothing is set up or read afresh later.

        What ours collects then are the movies that all have to bring.
        """
        with self._telling(result):
            self._venvs[contender.tool] = installed(contender.tool)
        if not contender.standing:
            self._visit(contender, result, self._rehearse)
        if contender is REFERENCE and not result.failure:
            self._reference = lists(self._place(contender).movies)

    def round(self, contender: Contender, result: Result) -> None:
        """Time a run from nothing."""

        def visit(job: Job, place: Place) -> None:
            result.runs.append(self._once(job, place, fresh=True))
            if job.start_seconds is not None:
                result.start_seconds.append(job.start_seconds)

        self._visit(contender, result, visit)

    def last_round(self, contender: Contender, result: Result) -> None:
        """Weigh a run from nothing, then time a second run of the same week."""

        def visit(job: Job, place: Place) -> None:
            result.idle_mb, result.idle_processes = job.idle_mb, job.idle_processes
            result.weighed = self._once(job, place, fresh=True, memory=True)
            result.again = self._once(job, place, fresh=False)

        self._visit(contender, result, visit)

    def _rehearse(self, job: Job, place: Place) -> None:
        self._once(job, place, fresh=True)

    def _once(self, job: Job, place: Place, *, fresh: bool, memory: bool = False) -> Run:
        if fresh:
            shutil.rmtree(place.movies, ignore_errors=True)
        self._api.refill()
        requests, refusals = self._api.requests(), self._api.refusals()
        cost = job.run(memory)
        return Run(
            cost,
            self._api.requests() - requests,
            self._api.refusals() - refusals,
            lists(place.movies) == self._reference,
        )

    def _visit(
        self, contender: Contender, result: Result, visit: Callable[[Job, Place], None]
    ) -> None:
        """Open it and do something with it, unless it has failed before."""
        if result.failure:
            return
        known = set(tree(os.getpid()))
        place = self._place(contender)
        with self._telling(result, place.log):
            try:
                with contender.open(place) as job:
                    visit(job, place)
            finally:
                end_strays(known)

    def _place(self, contender: Contender) -> Place:
        name = re.sub(r"\W+", "-", contender.name.lower())
        home = self._folder / name
        home.mkdir(exist_ok=True)
        environment = _environment() | self._api.environment | TELEMETRY_OFF
        environment |= {"TMPDIR": str(self._folder), "FILMS_FOLDER": str(home / "movies")}
        if contender.tool != OURS:
            environment["PYTHONPATH"] = str(PEERS)
        log = LOGS / f"{name}.log"
        return Place(self._venvs[contender.tool], home, home / "movies", log, environment)

    @contextlib.contextmanager
    def _telling(self, result: Result, log: Path | None = None) -> Iterator[None]:
        """Turn what goes wrong into the result's failure, and say it."""
        try:
            yield
        except (*FAILURES, InstallFailed) as failure:
            see = f"; see {log.relative_to(REPOSITORY)}" if log else ""
            result.failure = f"{result.name} failed: {failure}{see}"
            print(result.failure, file=sys.stderr, flush=True)

    @property
    def movies(self) -> int:
        """How many movies the week has, each counted once."""
        return len(self._reference.get(CONSOLIDATED, ()))

    @property
    def venvs(self) -> dict[str, Venv]:
        """What was installed."""
        return self._venvs


def lists(folder: Path) -> Lists:
    """Return the movies that a run has written, ours or another's."""
    ours = folder / "processed" / "weekly"
    if ours.exists():
        files = [*folder.glob("raw/movies/*/*.json"), *ours.glob("*.json")]
    else:
        files = [*folder.glob("lists/*.json"), *folder.glob("*.json")]
    return {_name(file): sorted(movie["id"] for movie in _movies(file)) for file in files}


def _movies(file: Path) -> list[dict[str, Any]]:
    document = json.loads(file.read_text(encoding="utf-8"))
    movies: list[dict[str, Any]] = document["movies"] if isinstance(document, dict) else document
    return movies


def _name(file: Path) -> str:
    """Return the list's name: `science_fiction_20240107` is science_fiction's."""
    name = re.sub(r"_\d+$", "", file.stem)
    return CONSOLIDATED if name.startswith(CONSOLIDATED) else name


def _environment() -> dict[str, str]:
    """The environment without what would tell a contender something."""
    foreign = ("AIRFLOW", "PREFECT_", "DAGSTER_", "DLT_", "PYTHON")
    return {
        name: value for name, value in clean_environment().items() if not name.startswith(foreign)
    }
