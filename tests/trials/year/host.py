"""The machine of the year: a schedule, a data root, and luigid and PostgreSQL beside it."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psutil
from support.fake_tmdb import V3_KEY, FakeTmdb
from support.fake_tmdb.catalogue import Catalogue
from support.fake_tmdb.movies import Row
from support.luigid_process import Luigid, our_luigid
from support.operate import WORDS
from support.ports import free_port
from support.postgres import Postgres, running_postgres

from pipeline.paths import Layout
from trials.year import configuration
from trials.year.clock import MACHINE, Clock
from trials.year.schedules import Job, Schedule

LIMIT_SECONDS = 25
"""The time limit of a run, in place of eight hours."""

NOTICED_SECONDS = 0.05
"""By then every process has noticed that the clock was set."""

_BIN = Path(sys.executable).parent

LONGEST_SECONDS = 90
"""A run that takes longer, in real time, waits for ever."""


Ended = tuple[int | None, str]
"""A job's status, None if it waits for ever, and its words."""


class Host:
    """One machine. With services, luigid and PostgreSQL run beside cron as they do in the stack.

    Without them runs use the local scheduler, unless they expect a luigid that is not there.
    """

    def __init__(
        self,
        folder: Path,
        at: datetime,
        schedule: Schedule,
        *,
        services: bool,
        expects_luigid: bool = False,
    ) -> None:
        self.folder = folder
        (folder / "starts").mkdir(parents=True, exist_ok=True)
        self.layout = Layout(folder / "data")
        assert isinstance(at.tzinfo, ZoneInfo)
        self._zone = at.tzinfo.key
        self.clock = Clock(folder / "clock", self._zone, at)
        self.schedule = schedule
        self.tmdb = FakeTmdb(key=V3_KEY, limit=None, latency=0.01, rows=self._films_of_the_day)
        self.luigid: Luigid | None = None
        self.postgres: Postgres | None = None
        self.started_luigid = 0
        self.draws_pages = False
        """Whether the jobs draw real pages; otherwise an empty file stands for the day's."""
        self.fell: list[str] = []
        """What ended by itself and should not have."""
        self._services = services
        self._expects_luigid = services or expects_luigid
        self._began = time.time()
        self._port = free_port()
        self._database = ""
        self._around = contextlib.ExitStack()
        self._around_luigid = contextlib.ExitStack()

    def __enter__(self) -> Host:
        self._around.enter_context(self.tmdb)
        configuration.write(self.folder, self._port, uses_luigid=self._expects_luigid)
        if self.schedule.kind == "systemd":
            configuration.enable_timers(self.folder / "programs")
        if self._services:
            self.postgres = self._around.enter_context(running_postgres())
            self._database = self.postgres.new_database()
            self.start_luigid()
        self._write_settings_file()
        return self

    def __exit__(self, *_: object) -> None:
        self._around_luigid.close()
        self._around.close()

    def run(
        self,
        job: Job,
        meanwhile: Callable[[subprocess.Popen[str]], None] | None = None,
        *preparing: str,
    ) -> Ended:
        """Start a job as cron or systemd does; return its status and its words.

        Args:
            job: the line of the crontab, or the unit.
            meanwhile: what happens while it runs.
            preparing: further lines for the shell that starts it.
        """
        written = self._output_bytes()
        process = self._start(job, preparing)
        if meanwhile is not None:
            meanwhile(process)
        status, words = self._ended(process)
        return status, words + self._output_since(written)

    def run_together(self, jobs: Sequence[Job], *preparing: str) -> list[Ended]:
        """Start jobs at the same moment, and return how each ended."""
        processes = [self._start(job, preparing) for job in jobs]
        return [self._ended(each) for each in processes]

    def _start(self, job: Job, preparing: Sequence[str]) -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["/bin/sh", "-c", "\n".join([*preparing, self._here(job.command)])],
            env=self._environment(job),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def _ended(self, process: subprocess.Popen[str]) -> Ended:
        try:
            words, _ = process.communicate(timeout=LONGEST_SECONDS)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            kill(process)
            status, words = None, process.communicate()[0]
        self.clock.date_files(self.layout.root, self._began)
        return status, words

    def _output_bytes(self) -> int:
        output = self.folder / "output"
        return output.stat().st_size if output.exists() else 0

    def _output_since(self, written: int) -> str:
        output = self.folder / "output"
        if not output.exists():
            return ""
        return output.read_bytes()[written:].decode("utf-8", errors="replace")

    @property
    def starts_of_luigi(self) -> int:
        """How often the jobs of the schedule started `luigi`."""
        return len(list((self.folder / "starts").iterdir()))

    def operate(self, *words: str) -> tuple[int, str]:
        """Run `tmdb-pipeline WORDS` as somebody at the desk."""
        done = subprocess.run(
            [*WORDS, *words],
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

    def record(self) -> list[dict[str, Any]]:
        """Return the lines of the pipeline's run record."""
        path = self.layout.run_record
        if not path.exists():
            return []
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.endswith("}")]

    def _here(self, text: str) -> str:
        """Return a text of the crontab or a unit with the paths of this machine."""
        return text.replace("/opt/tmdb-pipeline/.venv/bin", str(_BIN)).replace(
            "/opt/tmdb-pipeline", str(self.folder)
        )

    def _environment(self, job: Job) -> dict[str, str]:
        """Return the variables of a job: those of its schedule, with this machine's paths.

        Cron's jobs find the settings in the file that ENVIRONMENT names; systemd sets them.
        """
        own = {name: self._here(value) for name, value in job.variables.items()}
        if self.schedule.kind == "cron":
            own |= {
                "HOME": str(self.folder),
                "LUIGI_CONFIG_PATH": str(self.folder / "config/unattended.cfg"),
                "ENVIRONMENT": str(self.folder / "environment"),
                "OUTPUT": str(self.folder / "output"),
            }
        else:
            own |= {"HOME": str(self.folder), **self._settings()}
        return {
            **own,
            **self._clock_variables(),
            "PATH": f"{self._programs}:{_BIN}:{job.variables['PATH']}",
            "LIMIT_SECONDS": str(LIMIT_SECONDS),
            "PAGES": "yes" if self.draws_pages else "",
        }

    @property
    def _programs(self) -> str:
        """The folders of programs that stand in for those of the machine."""
        return f"{self.folder / 'programs'}:{MACHINE / 'bin'}"

    def _clock_variables(self) -> dict[str, str]:
        """Return what makes a Python process of this machine see its clock, from its start."""
        return {"PYTHONPATH": str(MACHINE), "SIMULATED_CLOCK": str(self.folder / "clock")}

    def _variables(self) -> dict[str, str]:
        """Return the variables of somebody at a desk, and of luigid."""
        return {**self._settings(), **self._clock_variables()}

    def _settings(self) -> dict[str, str]:
        """Return the settings of the installation."""
        return {
            "PATH": f"{self._programs}:{_BIN}:{os.environ['PATH']}",
            "REAL_LUIGI": str(_BIN / "luigi"),
            "NOTED_STARTS": str(self.folder / "starts"),
            "MACHINE_ZONE": self._zone,
            "TZ": self._zone,
            "TMPDIR": str(self.folder),
            "TMDB_API_KEY": V3_KEY,
            "TMDB_API_URL": self.tmdb.url,
            "TMDB_REQUESTS_PER_SECOND": "1000",
            "TMDB_MAX_RETRIES": "0",
            "PIPELINE_CONFIG_DIR": str(self.folder / "config"),
            "PIPELINE_DATA_DIR": str(self.layout.root),
            "PIPELINE_HISTORY_URL": self._history_url(),
        }

    def _write_settings_file(self) -> None:
        lines = [f"export {name}={shlex.quote(text)}" for name, text in self._settings().items()]
        (self.folder / "environment").write_text("\n".join([*lines, ""]))

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
