"""One run of the pipeline in a child of this process, and the documents that it left.

A child is forked after `pipeline` is imported, so that a run costs a tenth of a second instead of a
whole one, and goes the way of the `luigi` command from its arguments to its exit status. It has its
own environment, folders and temporary files, and in a hurry it waits a twentieth or less of what
the pipeline would (`HURRY`).
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn

from golden.canonical import CLOCK_AND_EFFORT
from support.fake_tmdb import V3_KEY
from support.luigi_runs import installed
from support.repository import REPOSITORY

import pipeline.luigi_cli
import pipeline.ops.runs.session
import pipeline.quality.report
import pipeline.tasks.history
from pipeline.tmdb import client, response, transport

RETRIES = 5
"""As the pipeline's default."""

JOBS = {"daily": "DailySummary", "weekly": "WeeklyConsolidation"}
DAY = "2024-01-07"

HURRY = {
    (transport, "CONNECT_TIMEOUT_SECONDS"): 0.3,
    (transport, "READ_TIMEOUT_SECONDS"): 0.6,
    (client, "MAX_BACKOFF_SECONDS"): 0.3,
    (transport, "MAX_HEADER_SECONDS"): 1.0,
    (response, "MAX_BODY_SECONDS"): 1.0,
}
BACKOFF_SECONDS = 0.005

LONGEST_RUN_SECONDS = 60.0

_LINES_OF_TIME_AND_EFFORT = re.compile(
    rb'^ *"(%s)": .*\n' % "|".join(CLOCK_AND_EFFORT).encode(), re.MULTILINE
)
_ERROR_LINE = re.compile(r"^\S+ (?:ERROR|CRITICAL): (.*)$", re.MULTILINE)


class Place(NamedTuple):
    """Where runs take place: a working folder, temporary files and a data root below one folder."""

    folder: Path

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def written_at(self, name: str) -> int:
        return (self.data / name).stat().st_mtime_ns

    def let_time_pass(self) -> None:
        """Have whatever TMDB asked to wait for be over."""
        for path in (self.folder / "tmp").glob("*/pace-*"):
            path.unlink()

    def environment(self, url: str, **variables: str) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "tmp"),
            "LUIGI_CONFIG_PATH": str(REPOSITORY / "luigi.cfg"),
            "PIPELINE_DATA_DIR": str(self.data),
            "TMDB_API_KEY": V3_KEY,
            "TMDB_API_URL": url,
            "TMDB_REQUESTS_PER_SECOND": "1000",
            "TMDB_MAX_RETRIES": str(RETRIES),
            **variables,
        }


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A new place, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="trial-") as folder:
        for name in ("work", "tmp"):
            Path(folder, name).mkdir()
        yield Place(Path(folder))


class Ended(NamedTuple):
    """How a run ended. The status is None where it had to be killed."""

    status: int | None
    output: str

    @property
    def errors(self) -> list[str]:
        """The errors that it reported, a sentence each."""
        return _ERROR_LINE.findall(self.output)


def _arguments(job: str) -> list[str]:
    return ["--module", "pipeline", JOBS[job], "--date", DAY, "--local-scheduler"]


def forked(place: Place, job: str, environment: Mapping[str, str]) -> Ended:
    """Run in a child that waits little."""
    output = place.folder / "output"
    child = os.fork()
    if child == 0:
        _be_the_command(place, output, environment, _arguments(job))
    return Ended(_status_of(child), output.read_text(encoding="utf-8"))


def as_process(place: Place, job: str, environment: Mapping[str, str]) -> Ended:
    """Run the installed command, with all its waits."""
    done = subprocess.run(
        [installed("luigi"), *_arguments(job)],
        env=dict(environment),
        cwd=place.folder / "work",
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_RUN_SECONDS * 2,
        check=False,
    )
    return Ended(done.returncode, done.stdout)


def documents(place: Place) -> dict[str, bytes]:
    """Every file below the data root but logs, without what tells time and effort."""
    files = [path for path in place.data.rglob("*") if path.is_file()]
    return {
        name: _LINES_OF_TIME_AND_EFFORT.sub(b"", path.read_bytes())
        for path in files
        if not (name := path.relative_to(place.data).as_posix()).startswith("logs/")
    }


def _be_the_command(
    place: Place, output: Path, environment: Mapping[str, str], words: Sequence[str]
) -> NoReturn:
    status = 1
    try:
        descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        for standard in (1, 2):
            os.dup2(descriptor, standard)
        sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.environ.clear()
        os.environ.update(environment)
        os.chdir(place.folder / "work")
        tempfile.tempdir = None
        sys.argv = ["luigi", *words]
        _hurry()
        multiprocessing.current_process().authkey = os.urandom(32)  # as in a process of its own
        pipeline.luigi_cli.luigi()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(status)


def _hurry() -> None:
    for (module, name), seconds in HURRY.items():
        setattr(module, name, seconds)
    defaults = client.ApiSession.__init__.__kwdefaults__
    assert defaults is not None
    defaults["backoff_seconds"] = BACKOFF_SECONDS


def _status_of(child: int) -> int | None:
    deadline = time.monotonic() + LONGEST_RUN_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.005)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None
