"""The `tmdb-pipeline` command as a user runs it."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from support.luigi_runs import Run, installed, run_command
from support.ports import free_port
from support.repository import REPOSITORY
from support.waiting import wait_for

from pipeline.ops.luigid import client

WORDS = [sys.executable, "-m", "pipeline.ops.cli"]

Operate = Callable[..., Run]


def operated(
    *words: str,
    env: Mapping[str, str | None],
    cwd: Path,
    timeout: float = 60,
    **changes: str | None,
) -> Run:
    """Run the command to its end; a variable of None is removed."""
    return run_command([installed("tmdb-pipeline"), *words], {**env, **changes}, cwd, timeout)


def luigi_cfg(path: Path, scheduler_url: str) -> str:
    """The pipeline's luigi.cfg, but with luigid at that address."""
    ours = (REPOSITORY / "luigi.cfg").read_text(encoding="utf-8")
    path.write_text(ours.replace("http://127.0.0.1:8082/", scheduler_url), encoding="utf-8")
    return str(path)


@pytest.fixture
def luigid_port() -> int:
    """A port that no luigid listens on yet."""
    return free_port()


@pytest.fixture
def operator_environment(
    environment: dict[str, str],
    tmp_path: Path,
    luigid_port: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, str]:
    """The fake TMDB, no docker, and a luigi configuration that names a port of this test's own."""
    environment["PATH"] = without_docker(tmp_path_factory.getbasetemp(), environment["PATH"])
    mine = luigi_cfg(tmp_path / "luigi.cfg", f"http://127.0.0.1:{luigid_port}/")
    environment.pop("PYTHONWARNINGS")
    return {**environment, "LUIGI_CONFIG_PATH": mine}


@pytest.fixture
def operate(operator_environment: dict[str, str], clean_environment: Path) -> Iterator[Operate]:
    """Run `tmdb-pipeline WORDS`; whatever luigid it started is stopped in the end."""

    def run(*words: str, **changes: Any) -> Run:
        return operated(*words, env=operator_environment, cwd=clean_environment, **changes)

    yield run
    if (Path(operator_environment["PIPELINE_DATA_DIR"]) / "state/luigid.pid").exists():
        run("stop", "--runtime", "host")


def without_docker(folder: Path, path: str) -> str:
    """Return a PATH with the same programs but docker, of which `auto` reports what it finds.

    The programs are linked once for each PATH: tests of one process can differ in theirs.
    """
    programs = folder / f"programs without docker {zlib.crc32(path.encode()):x}"
    if not programs.exists():
        programs.mkdir()
        for program in (each for place in path.split(":") for each in Path(place).glob("*")):
            with contextlib.suppress(FileExistsError):
                if program.name != "docker":
                    (programs / program.name).symlink_to(program)
    return f"{Path(sys.executable).parent}:{programs}"


@contextlib.contextmanager
def plain_luigid(
    port: int, env: Mapping[str, str], folder: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """A stock luigid that answers, started by something else than our command."""
    command = [installed("luigid"), "--address", "127.0.0.1"]
    command += ["--port", str(port), "--state-path", str(folder / "plain.pickle")]
    process = subprocess.Popen(command, env=env, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(lambda: client.look(url, None).answers, 30)
        yield process
    finally:
        process.terminate()
        process.wait(20)


def document(run: Run) -> Any:
    """The JSON document that a command printed."""
    return json.loads(run.out)


def findings(run: Any) -> dict[str, dict[str, str]]:
    """Return the findings of `doctor --json` by their probes."""
    return {each["probe"]: each for each in document(run)["findings"]}


__all__ = [
    "Operate",
    "document",
    "findings",
    "luigi_cfg",
    "luigid_port",
    "operate",
    "operated",
    "operator_environment",
    "plain_luigid",
]
