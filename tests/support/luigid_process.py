"""A luigid on a free port, plain or ours, and how to talk to it.

It is a process of its own, forked from an interpreter that has imported luigid's libraries, where
its variables do not ask for a new interpreter.
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from luigi.task import task_id_str
from support.luigi_runs import installed
from support.ports import free_port
from support.zygote import Forked, needs_new_interpreter, shared_zygote

COLLECT = "pipeline.tasks.collect"
PASSWORD = "correct-horse"
"""What the luigid with a password asks for in tests."""
_LISTENS = re.compile(r"listens on http://[^ ]*:(\d+)/")

CONFIGURATION = """
[scheduler]
pause_enabled = True
prune_on_get_work = True
metrics_collector = prometheus
stable_done_cooldown_secs = 0
worker_disconnect_delay = 30
"""
"""In force in both, so that what differs between them is ours and not the configuration's."""


@dataclass(frozen=True)
class Answer:
    """What luigid said."""

    status: int
    headers: Message
    text: str

    @property
    def response(self) -> Any:
        """The result of a call."""
        assert self.status == 200, (self.status, self.text)
        return json.loads(self.text)["response"]


@dataclass(frozen=True)
class Luigid:
    """A running luigid."""

    process: Forked | subprocess.Popen[bytes]
    port: int
    log: Path
    data_dir: Path

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def ask(self, method: str, path: str, body: str | None = None, **headers: str) -> Answer:
        """Send one request as it is; an underscore in a header's name is a hyphen."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            named.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            connection.request(method, path, body=body, headers=named)
            response = connection.getresponse()
            text = response.read().decode("utf-8")
            return Answer(response.status, response.headers, text)
        finally:
            connection.close()

    def call(self, method: str, **arguments: Any) -> Answer:
        """Call the API as a worker does."""
        return self.ask("POST", f"/api/{method}", urlencode({"data": json.dumps(arguments)}))

    def status_of(self, task_id: str) -> str | None:
        """The status of a task, None for one that luigid does not know."""
        task = self.call("task_list").response.get(task_id)
        return task["status"] if task else None

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it and return its exit status."""
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


@contextmanager
def plain_luigid(folder: Path) -> Iterator[Luigid]:
    """The `luigid` that luigi brings."""
    port = free_port()
    command = [installed("luigid"), "--address", "127.0.0.1"]
    command += ["--port", str(port), "--state-path", str(folder / "plain.pickle")]
    with _running(command, folder, {}) as (process, log):
        yield _up(Luigid(process, port, log, folder))


@contextmanager
def our_luigid(
    folder: Path, *options: str, configuration: str = CONFIGURATION, **variables: str
) -> Iterator[Luigid]:
    """The hardened luigid, by the command that a user starts it with."""
    data_dir = folder / "data"
    command = [installed("tmdb-pipeline"), "luigid", "--port", "0", *options]
    variables = {"PIPELINE_DATA_DIR": str(data_dir), **variables}
    with _running(command, folder, variables, configuration) as (process, log):
        deadline = time.monotonic() + 30
        while not (found := _LISTENS.search(log.read_text())):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        yield _up(Luigid(process, int(found[1]), log, data_dir))


@contextmanager
def _running(
    command: list[str],
    folder: Path,
    variables: Mapping[str, str],
    configuration: str = CONFIGURATION,
) -> Iterator[tuple[Forked | subprocess.Popen[bytes], Path]]:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "luigid.cfg").write_text(configuration)
    ours = ("PIPELINE_", "TMDB_")
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"LUIGI_CONFIG_PATH": str(folder / "luigid.cfg"), **variables}
    log = folder / "luigid.log"
    log.write_bytes(b"")
    process = _start(command, env, folder, log)
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()


def _start(
    command: list[str], env: dict[str, str], folder: Path, log: Path
) -> Forked | subprocess.Popen[bytes]:
    if not needs_new_interpreter(env):
        return shared_zygote("luigid").start(command, env, folder, log, log)
    with log.open("ab") as stream:
        return subprocess.Popen(command, cwd=folder, env=env, stdout=stream, stderr=stream)


def _up(luigid: Luigid) -> Luigid:
    deadline = time.monotonic() + 30
    while True:
        try:
            luigid.ask("HEAD", "/")
            return luigid
        except OSError:
            assert time.monotonic() < deadline
            assert luigid.process.poll() is None
            time.sleep(0.02)


def popular(date: str = "2024-01-07", **changes: Any) -> dict[str, Any]:
    """The arguments by which a worker adds PopularMovies of a day, with changes for an attack."""
    return {**added("PopularMovies", {"date": date}, COLLECT), **changes}


def added(family: str, params: dict[str, str], module: str, **changes: Any) -> dict[str, Any]:
    """The arguments by which luigi's worker adds a task."""
    return {
        "task_id": task_id_str(family, params),
        "family": family,
        "module": module,
        "params": params,
        "worker": "Worker(of the test)",
        **changes,
    }


def login(password: str, user: str = "luigi") -> str:
    """The Authorization header of a user."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
