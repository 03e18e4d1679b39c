"""The contenders: how each is set up, run once, and what of it has to be running before.

A contender is opened, and what that gives can be run again and again in the same surroundings.
What has to be running is warmed up by one run, as it would be in the middle of its life.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from process import measured
from report import REPOSITORY
from support.ports import free_port

from harness import airflow
from harness.services import NotReady, Services, answers
from harness.venvs import OURS, PEERS, Venv

RUN_SECONDS = 600.0
TELEMETRY_OFF = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


class Failed(Exception):
    """A contender did not do the job; the text says how, in a sentence."""


@dataclass(frozen=True)
class Cost:
    """What one run took, services that it used included. Memory is None where not looked at."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float | None = None
    processes: int | None = None


@dataclass(frozen=True)
class Place:
    """Where a contender runs: what it keeps, what it collects, its variables and its log."""

    venv: Venv
    home: Path
    movies: Path
    log: Path
    environment: dict[str, str]


@dataclass(frozen=True)
class Job:
    """A contender that is ready. The last three are of its services, where it has any."""

    run: Callable[[bool], Cost]
    start_seconds: float | None = None
    idle_mb: float | None = None
    idle_processes: int | None = None


Opened = AbstractContextManager[Job]


@dataclass(frozen=True)
class Contender:
    """One row of the table. `standing` ones need services; `again` says what a second run does."""

    name: str
    tool: str
    again: str
    open: Callable[[Place], Opened]
    standing: bool = False


def _week(venv: Venv, *more: str) -> list[str]:
    day = datetime.date.today().isoformat()
    luigi = [venv.program("luigi"), "--module", "pipeline", "WeeklyConsolidation"]
    return [*luigi, "--date", day, *more]


@contextlib.contextmanager
def _ours(place: Place) -> Iterator[Job]:
    yield _command(place, _week(place.venv, "--local-scheduler"), _our_settings(place))


@contextlib.contextmanager
def _ours_with_luigid(place: Place) -> Iterator[Job]:
    environment = {**place.environment, **_our_settings(place)}
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    luigid = [place.venv.program("luigid"), "--address", "127.0.0.1", "--port", str(port)]
    week = _week(place.venv, "--scheduler-url", url)
    with Services(place.log, environment) as services:
        started = time.monotonic()
        services.start([*luigid, "--state-path", str(place.home / "luigid.pickle")])
        services.wait_until(lambda: answers(url + "api/graph"))
        yield _beside(services, started, _command(place, week, _our_settings(place)).run)


def _our_settings(place: Place) -> dict[str, str]:
    return {
        "PIPELINE_DATA_DIR": str(place.movies),
        "PIPELINE_CONFIG_DIR": str(REPOSITORY / "config"),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
    }


@contextlib.contextmanager
def _dlt(place: Place) -> Iterator[Job]:
    settings = {"DLT_DATA_DIR": str(place.home)}
    yield _command(place, [place.venv.program("python"), str(PEERS / "dlt/week.py")], settings)


@contextlib.contextmanager
def _prefect(place: Place) -> Iterator[Job]:
    yield _command(place, _prefect_flow(place), _prefect_settings(place))


@contextlib.contextmanager
def _prefect_with_server(place: Place) -> Iterator[Job]:
    port = free_port()
    url = f"http://127.0.0.1:{port}/api"
    settings = _prefect_settings(place)
    with Services(place.log, {**place.environment, **settings}) as services:
        started = time.monotonic()
        server = [place.venv.program("prefect"), "server", "start", "--host", "127.0.0.1"]
        services.start([*server, "--port", str(port)])
        services.wait_until(lambda: answers(f"{url}/health"))
        flow = _command(place, _prefect_flow(place), {**settings, "PREFECT_API_URL": url})
        yield _beside(services, started, flow.run)


def _prefect_flow(place: Place) -> list[str]:
    return [place.venv.program("python"), str(PEERS / "prefect/week.py")]


def _prefect_settings(place: Place) -> dict[str, str]:
    patience = {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120"}
    return {"PREFECT_HOME": str(place.home), **patience}


def _dagster(job: str) -> Callable[[Place], Opened]:
    @contextlib.contextmanager
    def opened(place: Place) -> Iterator[Job]:
        (place.home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
        execute = [place.venv.program("dagster"), "job", "execute", "-j", job]
        settings = {"DAGSTER_HOME": str(place.home)}
        yield _command(place, [*execute, "-f", str(PEERS / "dagster/week.py")], settings)

    return opened


def _airflow_test(generation: int) -> Callable[[Place], Opened]:
    @contextlib.contextmanager
    def opened(place: Place) -> Iterator[Job]:
        settings = airflow.settings(place.home)
        command = place.venv.program("airflow")
        if not (place.home / "airflow.db").exists():
            with Services(place.log, {**place.environment, **settings}) as services:
                services.run([command, "db", "migrate"])
        day = datetime.date.today().isoformat()
        at_once = ["--conf", '{"at_once": 5}']
        yield _command(place, [command, "dags", "test", "week", day, *at_once], settings)

    return opened


def _airflow_scheduler(generation: int) -> Callable[[Place], Opened]:
    @contextlib.contextmanager
    def opened(place: Place) -> Iterator[Job]:
        environment = place.environment | airflow.settings(place.home)
        with Services(place.log, environment) as services:
            start = airflow.prepared(place.venv, generation, services, place.home)
            started = time.monotonic()
            standing = start()
            yield _beside(services, started, lambda _: Cost(standing.trigger(), 0.0))

    return opened


def _command(place: Place, command: Sequence[str], settings: dict[str, str]) -> Job:
    """Return a job that is one process from its start to its end."""

    def run(memory: bool) -> Cost:
        done = measured(
            list(command),
            place.environment | settings,
            memory=memory,
            folder=place.home,
            seconds=RUN_SECONDS,
        )
        with place.log.open("a") as log:
            log.write(done.output)
        if done.status != 0:
            raise Failed(f"it ended with status {done.status}")
        return Cost(done.wall_seconds, done.cpu_seconds, done.peak_mb, done.processes)

    return Job(run)


def _beside(services: Services, started: float, run: Callable[[bool], Cost]) -> Job:
    """Return a job that uses services, after one run and when they are idle again.

    Its memory is the peak of the services and that of its own process, which come together.
    """
    start_seconds = time.monotonic() - started
    services.settle()
    run(False)
    services.settle()
    idle_mb, idle_processes = services.weight()

    def with_services(memory: bool) -> Cost:
        before = services.cpu_seconds()
        with services.weighed(memory) as weights:
            cost = run(memory)
        cpu = cost.cpu_seconds + services.cpu_seconds() - before
        if not memory:
            return Cost(cost.wall_seconds, cpu)
        peak = max(mb for mb, _ in weights) + (cost.peak_mb or 0.0)
        processes = max(number for _, number in weights) + (cost.processes or 0)
        return Cost(cost.wall_seconds, cpu, peak, processes)

    return Job(with_services, start_seconds, idle_mb, idle_processes)


ASKS_AGAIN = "asks for all pages again"
CONTENDERS = [
    Contender("tmdb-pipeline", OURS, "finds its files", _ours),
    Contender("tmdb-pipeline, luigid", OURS, "finds its files", _ours_with_luigid, True),
    Contender("dlt", "dlt", f"{ASKS_AGAIN}, merges", _dlt),
    Contender("Prefect, server of its own", "prefect", ASKS_AGAIN, _prefect),
    Contender("Prefect, server running", "prefect", ASKS_AGAIN, _prefect_with_server, True),
    Contender("Dagster, in process", "dagster", ASKS_AGAIN, _dagster("week_in_process")),
    Contender("Dagster, forkserver", "dagster", ASKS_AGAIN, _dagster("week_forked")),
    Contender("Dagster, multiprocess", "dagster", ASKS_AGAIN, _dagster("week")),
    Contender("Airflow 2, dags test", "airflow2", ASKS_AGAIN, _airflow_test(2)),
    Contender("Airflow 2, scheduler", "airflow2", ASKS_AGAIN, _airflow_scheduler(2), True),
    Contender("Airflow 3, dags test", "airflow3", ASKS_AGAIN, _airflow_test(3)),
    Contender("Airflow 3, scheduler", "airflow3", ASKS_AGAIN, _airflow_scheduler(3), True),
]
REFERENCE = CONTENDERS[0]

__all__ = ["CONTENDERS", "REFERENCE", "Contender", "Cost", "Failed", "Job", "NotReady", "Place"]
