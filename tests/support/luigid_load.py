"""A luigid, ours or plain, under timed calls, and faults of its database."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from luigi.task import task_id_str
from support.ports import free_port
from support.postgres import Postgres, Proxy
from support.waiting import wait_for

FAMILY = "PopularMovies"
FIRST_DAY = date(2000, 1, 1)


class Luigid:
    """A running luigid. Every call is timed, and every event that it has to keep noted."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}/api/"
        self._tasks = 0
        self.is_killed = False
        """Whether it is to end by SIGKILL, as if the machine lost power."""
        self.waits: list[float] = []
        self.events: Counter[tuple[str, str]] = Counter()

    def call(self, method: str, timeout: float = 120, **arguments: Any) -> Any:
        """Call luigid's API as a worker does."""
        data = urllib.parse.urlencode({"data": json.dumps(arguments)}).encode()
        request = urllib.request.Request(self._url + method, data=data)
        began = time.perf_counter()
        with urllib.request.urlopen(request, timeout=timeout) as answer:
            response = json.load(answer)["response"]
        self.waits.append(time.perf_counter() - began)
        return response

    def run_task(self) -> None:
        """Have one task scheduled, handed out and done: three calls, three events."""
        day = str(FIRST_DAY + timedelta(days=self._tasks))
        self._tasks += 1
        task_id = task_id_str(FAMILY, {"date": day})
        known = {
            "worker": "load",
            "task_id": task_id,
            "family": FAMILY,
            "module": "pipeline",
            "params": {"date": day},
        }
        self.call("add_task", status="PENDING", **known)
        self.events[task_id, "PENDING"] += 1
        assert self.call("get_work", worker="load", host="load")["task_id"] == task_id
        self.events[task_id, "RUNNING"] += 1
        self.call("add_task", status="DONE", **known)
        self.events[task_id, "DONE"] += 1

    def missing(self, kept: Counter[tuple[str, str]]) -> int:
        """How many of the events are not among those kept."""
        return sum((self.events - kept).values())

    def doubled(self, kept: Counter[tuple[str, str]]) -> int:
        """How many are kept that never were."""
        return sum((kept - self.events).values())


Fault = Callable[[Postgres, Proxy, str], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def stopped(postgres: Postgres) -> Iterator[None]:
    """PostgreSQL ends at once, and is started at the end."""
    postgres.stop()
    try:
        yield
    finally:
        postgres.start()


@contextlib.contextmanager
def restarted(postgres: Postgres) -> Iterator[None]:
    """PostgreSQL is restarted meanwhile."""
    restarting = threading.Thread(target=postgres.restart)
    restarting.start()
    yield
    restarting.join()


FAULTS: dict[str, Fault] = {
    "refused (stopped)": lambda postgres, proxy, database: stopped(postgres),
    "restarted": lambda postgres, proxy, database: restarted(postgres),
    "frozen (SIGSTOP)": lambda postgres, proxy, database: postgres.frozen(),
    "tables locked": lambda postgres, proxy, database: postgres.locked(database),
    "packets dropped": lambda postgres, proxy, database: proxy.dropping(),
}
"""What can happen to the database of a history."""


def kept(postgres: Postgres, database: str) -> Counter[tuple[str, str]]:
    """The events in the database; none where it has no tables yet."""
    if postgres.execute("SELECT to_regclass('task_events')", database=database) == [(None,)]:
        return Counter()
    rows = postgres.execute(
        "SELECT t.task_id, e.event_name, count(*) FROM task_events e JOIN tasks t "
        "ON t.id = e.task_id GROUP BY 1, 2",
        database=database,
    )
    return Counter({(str(task), str(name)): int(str(count)) for task, name, count in rows})


@contextlib.contextmanager
def our_luigid(url: str, folder: Path) -> Iterator[Luigid]:
    """The hardened luigid, on that database."""
    port = free_port()
    command = [sys.executable, "-m", "pipeline.ops.cli", "luigid", "--port", str(port)]
    more = {"PIPELINE_HISTORY_URL": url, "PIPELINE_DATA_DIR": str(folder / "data")}
    with _started(command, port, folder, more) as luigid:
        yield luigid


@contextlib.contextmanager
def plain_luigid(url: str, folder: Path) -> Iterator[Luigid]:
    """luigi's own luigid with its own task history, on that database."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    configuration = folder / "plain.cfg"
    configuration.write_text(
        f"[scheduler]\nrecord_task_history = true\nstate_path = {folder}/state\n"
        f"[task_history]\ndb_connection = {url}\n"
    )
    script = "from luigi.cmdline import luigid; luigid()"
    command = [sys.executable, "-c", script, "--address", "127.0.0.1", "--port", str(port)]
    with _started(command, port, folder, {"LUIGI_CONFIG_PATH": str(configuration)}) as luigid:
        yield luigid


@contextlib.contextmanager
def _started(command: list[str], port: int, folder: Path, more: dict[str, str]) -> Iterator[Luigid]:
    folder.mkdir(parents=True, exist_ok=True)
    ours = ("TMDB_", "PIPELINE_", "LUIGI_")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    with (folder / "luigid.log").open("a") as log:
        process = subprocess.Popen(
            command,
            env={**environment, "PYTHONWARNINGS": "ignore", **more},
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        luigid = Luigid(port)
        wait_for(lambda: _answers(luigid, process))
        luigid.waits.clear()
        yield luigid
    finally:
        if not luigid.is_killed:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(20)
        process.kill()
        process.wait()


def _answers(luigid: Luigid, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "luigid ended by itself"
    with contextlib.suppress(urllib.error.URLError, ConnectionError):
        luigid.call("count_pending", worker="load")
        return True
    return False
