"""The machine of the year: a crontab, a data root, and luigid and PostgreSQL beside it."""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import psutil
from conftest import REPOSITORY, V3_KEY
from fake_tmdb import FakeTmdb
from fake_tmdb.catalogue import Catalogue
from fake_tmdb.films import Row
from luigid_process import Luigid, free_port, our_luigid
from postgres import Postgres, running_postgres

from pipeline.layout import Layout
from trials.year import configuration, cron
from trials.year.clock import MACHINE, Clock

LIMIT_SECONDS = 25
"""What the eight hours of the crontab's LIMIT are here."""

NOTICED_SECONDS = 0.05
"""By then every process has noticed that the clock was set."""

LONGEST_SECONDS = 90
"""A run that takes longer, in real time, waits for ever."""


class Host:
    """One machine. With services, luigid and PostgreSQL run beside cron as they do in the stack."""

    def __init__(self, folder: Path, zone: str, at: datetime, *, services: bool) -> None:
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.layout = Layout(folder / "data")
        self.clock = Clock(folder / "clock", zone, at)
        self.crontab = cron.read(REPOSITORY / "config/crontab")
        self.tmdb = FakeTmdb(key=V3_KEY, limit=None, latency=0.01, rows=self._films_of_the_day)
        self.luigid: Luigid | None = None
        self.postgres: Postgres | None = None
        self.started_luigid = 0
        self.fell: list[str] = []
        """What ended by itself and should not have."""
        self._services = services
        self._began = time.time()
        self._port = free_port()
        self._database = ""
        self._zone = zone
        self._around = contextlib.ExitStack()
        self._around_luigid = contextlib.ExitStack()

    def __enter__(self) -> Host:
        self._around.enter_context(self.tmdb)
        configuration.write(self.folder, self._port, services=self._services)
        if self._services:
            self.postgres = self._around.enter_context(running_postgres())
            self._database = self.postgres.new_database()
            self.start_luigid()
        return self

    def __exit__(self, *_: object) -> None:
        self._around_luigid.close()
        self._around.close()

    def run(
        self,
        job: cron.Job,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
        *preparing: str,
    ) -> tuple[int | None, str]:
        """Start a job as cron does; return its status, None if it waits for ever, and its words.

        Args:
            job: the line of the crontab.
            meanwhile: what happens while it runs.
            preparing: further lines for the shell that reads the ENVIRONMENT file.
        """
        self._write_environment(*preparing)
        process = subprocess.Popen(
            [self.crontab.variables["SHELL"], "-c", job.command],
            env={**self.crontab.variables, **self._places()},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        if meanwhile is not None:
            meanwhile(process)
        try:
            words, _ = process.communicate(timeout=LONGEST_SECONDS)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            kill(process)
            status, words = None, process.communicate()[0]
        self.clock.date_files(self.layout.root, self._began)
        return status, words

    def operate(self, *words: str) -> tuple[int, str]:
        """Run `tmdb-pipeline WORDS` as somebody at the desk."""
        done = subprocess.run(
            [sys.executable, "-m", "pipeline.ops.cli", *words],
            env={"HOME": str(self.folder), **self._variables(),
                 "LUIGI_CONFIG_PATH": str(self.folder / "luigi.cfg")},
            cwd=self.folder, capture_output=True, text=True, check=False, timeout=LONGEST_SECONDS,
        )  # fmt: skip
        self.clock.date_files(self.layout.root, self._began)
        return done.returncode, done.stdout + (done.stderr if done.returncode else "")

    def pass_until(self, at: datetime) -> None:
        """Let time pass; luigid tidies up once a minute of it, which it does when it is asked."""
        self.clock.pass_until(at)
        if self.luigid is not None:
            time.sleep(NOTICED_SECONDS)
            self.luigid.call("task_list")

    def await_history(self) -> None:
        """Wait until luigid has written what waited for PostgreSQL: in truth a day passes."""
        assert self.luigid is not None
        deadline = time.monotonic() + LONGEST_SECONDS
        while " 0.0" not in re.findall("tmdb_history_buffered_events(.*)", self._metrics()):
            assert time.monotonic() < deadline, self._metrics()
            time.sleep(0.1)

    def _metrics(self) -> str:
        assert self.luigid is not None
        return self.luigid.ask("GET", "/metrics").text

    def start_luigid(self) -> None:
        """Start luigid, on the port of before."""
        variables = {**self._variables(), "PIPELINE_HISTORY_URL": self._history_url()}
        luigi_cfg = (self.folder / "luigi.cfg").read_text()
        self.luigid = self._around_luigid.enter_context(
            our_luigid(self.folder / "luigid", "--port", str(self._port),
                       configuration=luigi_cfg, **variables)
        )  # fmt: skip
        self.started_luigid += 1

    def end_luigid(self, *, hard: bool) -> None:
        """Kill it, or have it end."""
        assert self.luigid is not None
        if self.luigid.process.poll() is not None:
            self.fell.append(f"luigid ended by itself: {self.luigid.log.read_text()[-500:]}")
        elif not hard:
            self.luigid.stop()
        self._around_luigid.close()
        self.luigid = None

    def done_by_history(self) -> set[tuple[str, str, str]]:
        """Return family, date and genre of what the task history knows as done."""
        assert self.postgres is not None
        rows = self.postgres.execute(
            "SELECT t.name, d.value, coalesce(g.value, '') FROM tasks t "
            "JOIN task_parameters d ON d.task_id = t.id AND d.name = 'date' "
            "LEFT JOIN task_parameters g ON g.task_id = t.id AND g.name = 'genre' "
            "WHERE EXISTS (SELECT FROM task_events e WHERE e.task_id = t.id "
            "AND e.event_name = 'DONE')",
            database=self._database,
        )
        return {(str(name), str(day), str(genre)) for name, day, genre in rows}

    def _history_url(self) -> str:
        return self.postgres.url(self._database) if self.postgres else ""

    def _places(self) -> dict[str, str]:
        """The variables at the top of the crontab, which are all that differs between hosts."""
        return {
            "HOME": str(self.folder),
            "LUIGI_CONFIG_PATH": str(self.folder / "unattended.cfg"),
            "ENVIRONMENT": str(self.folder / "environment"),
            "OUTPUT": "/dev/stdout",
            "LOCKS": str(self.folder),
            "LIMIT": f"timeout --kill-after=5 {LIMIT_SECONDS}",
        }

    def _variables(self) -> dict[str, str]:
        program = Path(sys.executable).with_name("luigi")
        return {
            "PATH": f"{MACHINE / 'bin'}:{program.parent}:{os.environ['PATH']}",
            "REAL_LUIGI": str(program),
            "PYTHONPATH": str(MACHINE),
            "SIMULATED_CLOCK": str(self.folder / "clock"),
            "TZ": self._zone,
            "TMPDIR": str(self.folder),
            "TMDB_API_KEY": V3_KEY,
            "TMDB_API_URL": self.tmdb.url,
            "TMDB_REQUESTS_PER_SECOND": "1000",
            "TMDB_MAX_RETRIES": "1",
            "PIPELINE_CONFIG_DIR": str(self.folder / "config"),
            "PIPELINE_DATA_DIR": str(self.layout.root),
            "PIPELINE_HISTORY_URL": self._history_url(),
        }

    def _write_environment(self, *preparing: str) -> None:
        lines = [f"export {name}={shlex.quote(text)}" for name, text in self._variables().items()]
        (self.folder / "environment").write_text("\n".join([*lines, *preparing, ""]))

    def _films_of_the_day(self, name: str, page: int, query: Any) -> list[Row]:
        """The usual films in another order each day; each says of which day it is."""
        rows: list[Row] = Catalogue().answer(f"/3{name}", query)[1]["results"]
        today = self.clock.now().date()
        first = today.toordinal() % len(rows)
        of_today = {"release_date": f"{today.year - 1}-06-01"}
        return [
            {**row, **of_today, "overview": f"{row['overview']} {today}"}
            for row in [*rows[first:], *rows[:first]]
        ]


def day_of_film(film: Row) -> date:
    """Return the day on which TMDB served it."""
    return date.fromisoformat(film["overview"].rsplit(" ", 1)[1])


def kill(process: subprocess.Popen[str]) -> None:
    """Kill a process and all that it started, at once, as a power cut would."""
    with contextlib.suppress(psutil.NoSuchProcess):
        for each in [*_family(psutil.Process(process.pid))]:
            with contextlib.suppress(psutil.NoSuchProcess):
                each.kill()


def _family(process: psutil.Process) -> Iterator[psutil.Process]:
    """Stop each before its children are counted, so that none is born meanwhile."""
    process.suspend()
    yield process
    for child in process.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            yield from _family(child)
