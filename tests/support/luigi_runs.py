"""Runs of the `luigi` command against the fake TMDB."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.repository import REPOSITORY
from support.zygote import needs_new_interpreter, shared_zygote


@dataclass(frozen=True)
class Run:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def output(self) -> str:
        """All it printed."""
        return self.out + self.err


LuigiRun = Callable[..., Run]


@pytest.fixture
def tmdb() -> Iterator[FakeTmdb]:
    """A fake TMDB that knows one key, without limit or latency."""
    with FakeTmdb(key=V3_KEY, limit=None) as server:
        yield server


@contextlib.contextmanager
def slow_tmdb(seconds: float = 0.2) -> Iterator[FakeTmdb]:
    """Serve a fake TMDB with that latency."""
    with FakeTmdb(key=V3_KEY, limit=None, latency=seconds) as slow:
        yield slow


@contextlib.contextmanager
def held_tmdb() -> Iterator[tuple[FakeTmdb, threading.Event, threading.Event]]:
    """Serve a fake TMDB that answers nothing until a test releases it.

    Yields the fake, the event that a request has arrived, and the event that lets all answers go.
    """
    arrived, released = threading.Event(), threading.Event()

    def hold(_path: str, _query: Mapping[str, str]) -> None:
        arrived.set()
        released.wait(60)

    with FakeTmdb(key=V3_KEY, limit=None, choose_fault=hold) as tmdb:
        try:
            yield tmdb, arrived, released
        finally:
            released.set()


@pytest.fixture
def environment(data_dir: Path, tmdb: FakeTmdb) -> dict[str, str]:
    """The variables of a run against the fake; change a copy for what a test is about."""
    return {
        **os.environ,
        "TMDB_API_KEY": V3_KEY,
        "TMDB_API_URL": tmdb.url,
        "TMDB_REQUESTS_PER_SECOND": "1000",
        "TMDB_MAX_RETRIES": "1",
        "PIPELINE_DATA_DIR": str(data_dir),
        "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
        "PYTHONWARNINGS": "default",
    }


def run_command(
    command: Sequence[str], env: Mapping[str, str | None], cwd: Path, timeout: float = 100
) -> Run:
    """Run an installed console script to its end; a variable of None is removed."""
    variables = {name: value for name, value in env.items() if value is not None}
    if needs_new_interpreter(variables):
        return as_process(command, variables, cwd, timeout)
    return Run(*shared_zygote().run(command, variables, cwd, timeout))


def as_process(
    command: Sequence[str], env: Mapping[str, str], cwd: Path, timeout: float = 100
) -> Run:
    """Run a command in an interpreter of its own."""
    done = subprocess.run(
        command,
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


Start = Callable[..., "subprocess.Popen[str]"]


@contextlib.contextmanager
def process_starter(cwd: Path) -> Iterator[Start]:
    """Yield a function that starts processes; those that still run in the end are killed.

    Each leads a session of its own, and its output and errors are one pipe.
    """
    started: list[subprocess.Popen[str]] = []

    def start(command: Sequence[str], env: Mapping[str, str | None]) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            command,
            env={name: value for name, value in env.items() if value is not None},
            cwd=cwd,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


@pytest.fixture
def luigi_run(environment: dict[str, str], clean_environment: Path) -> LuigiRun:
    """Run `luigi --module pipeline ARGS --local-scheduler` as a user would.

    `variables` are set on top of `environment`; one of None is removed.
    """

    def run(
        *arguments: str, local: bool = True, cwd: Path = clean_environment, **variables: str | None
    ) -> Run:
        command = luigi_command(*arguments, *(["--local-scheduler"] if local else []))
        return run_command(command, {**environment, **variables}, cwd)

    return run


def luigi_command(*arguments: str) -> list[str]:
    """Return the installed `luigi` command of the environment the tests run in."""
    return [installed("luigi"), "--module", "pipeline", *arguments]


def installed(script: str) -> str:
    """Return the path of an installed console script."""
    return str(Path(sys.executable).with_name(script))
