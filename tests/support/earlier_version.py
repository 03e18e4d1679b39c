"""What a user of an earlier version had, unpacked, and the commands of today's version on it.

A fixture in tests/fixtures holds a data root, its configuration, its history and a backup. Commands
run at a time of its days: a run removes logs after 60 days, and refuses a date in the future.
"""

from __future__ import annotations

import datetime
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

from support.luigi_runs import Run
from support.ports import free_port
from support.repository import TESTS
from trials.year.clock import MACHINE, Clock

FIXTURES = TESTS / "fixtures"
PROGRAMS = Path(sys.executable).parent


class Installation:
    """An installation of an earlier version in a folder, as in `/app` of its image."""

    def __init__(self, version: str, folder: Path, *, with_data: bool = True) -> None:
        self.fixture = FIXTURES / version
        self.folder = folder
        self.data = folder / "data"
        self.port = free_port()
        self._programs = folder / "bin"
        self._clock = folder / "clock"
        for each in (folder / "run", folder / "tmp", self._programs):
            each.mkdir(parents=True)
        shutil.copytree(self.fixture / "config", folder / "config")
        cfg = (self.fixture / "luigi.cfg").read_text(encoding="utf-8")
        (folder / "luigi.cfg").write_text(cfg.replace(":8082/", f":{self.port}/"), encoding="utf-8")
        if with_data:
            with tarfile.open(self.fixture / "data.tar.xz") as archive:
                archive.extractall(self.data, filter="tar")
        self.environment = {
            "LANG": "C.UTF-8",
            "PATH": f"{self._programs}:{PROGRAMS}:/usr/bin:/bin",
            "HOME": str(folder),
            "TZ": "UTC",
            "TMPDIR": str(folder / "tmp"),
            "PYTHONPATH": str(MACHINE),
            "SIMULATED_CLOCK": str(self._clock),
            "LUIGI_CONFIG_PATH": str(folder / "config/unattended.cfg"),
            "TMDB_API_KEY": "demo",
            "PIPELINE_DATA_DIR": str(self.data),
        }

    def program(self, name: str, text: str) -> None:
        """Put a program in front of the machine's own, given by its shell text."""
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
        path.chmod(0o755)

    def run(self, *command: str, at: str, **changes: str) -> Run:
        """Run a command of today's version to its end, at a time in UTC."""
        self._set_clock(at)
        done = subprocess.run(
            command,
            env={**self.environment, **changes},
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, done.stdout, done.stderr)

    def start(self, *command: str, at: str, log: Path, **changes: str) -> subprocess.Popen[bytes]:
        """Start a command that runs until it is stopped."""
        self._set_clock(at)
        with log.open("wb") as stream:
            return subprocess.Popen(
                command,
                env={**self.environment, **changes},
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=stream,
            )

    def luigi(self, task: str, date: str, at: str, *options: str, **changes: str) -> Run:
        """Run a task."""
        command = ["luigi", "--module", "pipeline", task, "--date", date, *options]
        return self.run(*command, at=at, **changes)

    def operate(self, *words: str, at: str, **changes: str) -> Run:
        """Run `tmdb-pipeline`, for this host."""
        return self.run("tmdb-pipeline", *words, "--runtime", "host", at=at, **changes)

    def cron(self, task: str, at: str) -> Run:
        """Run the crontab's line of a task as cron does, with `date` at that time."""
        crontab = (self.fixture / "config/crontab").read_text(encoding="utf-8")
        variables = dict(re.findall(r"^([A-Z_]+)=(.*)$", crontab, flags=re.MULTILINE))
        moved = {name: self._moved(value.strip('"')) for name, value in variables.items()}
        (line,) = (each for each in _jobs(crontab) if task in each)
        self.program("date", f'exec {shutil.which("date")} -d "{at}" "$@"')
        exports = [f"export {name}='{value}'" for name, value in self.environment.items()]
        Path(moved["ENVIRONMENT"]).write_text("\n".join(exports) + "\n", encoding="utf-8")
        output = Path(moved["OUTPUT"])
        output.unlink(missing_ok=True)
        self._set_clock(at)
        done = subprocess.run(
            [moved["SHELL"], "-c", line],
            env={"LOGNAME": "pipeline", **moved},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Run(done.returncode, output.read_text(encoding="utf-8"), done.stderr + done.stdout)

    def documents(self) -> dict[str, bytes]:
        """Return the lists, reports and summaries by their paths below the data root."""
        return {
            path.relative_to(self.data).as_posix(): path.read_bytes()
            for folder in ("raw", "processed")
            for path in (self.data / folder).rglob("*.json")
        }

    def _moved(self, value: str) -> str:
        """Put this installation's folder in the place of the image's."""
        value = value.replace("/run/pipeline", str(self.folder / "run"))
        return value.replace("/app", str(self.folder))

    def _set_clock(self, at: str) -> None:
        Clock(self._clock, "UTC", datetime.datetime.fromisoformat(f"{at}+00:00"))


def _jobs(crontab: str) -> Iterator[str]:
    """Yield the commands of a crontab; cron takes `\\%` for a plain %."""
    for found in re.finditer(r"^(?:[\d*]\S*[ \t]+){5}(\S.*)$", crontab, flags=re.MULTILINE):
        yield found[1].replace("\\%", "%")
