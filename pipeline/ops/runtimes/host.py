"""Plain processes of this host: luigid in the background, luigi in the foreground."""

from __future__ import annotations

import datetime
import functools
import shutil
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline import clock, settings
from pipeline.errors import SettingsError, StorageError
from pipeline.ops import luigi_configuration
from pipeline.ops.luigid import client
from pipeline.ops.roots import ROOTS
from pipeline.ops.runs import log_files
from pipeline.ops.runtimes import luigid_process, processes
from pipeline.ops.runtimes.runtime import Document, Service
from pipeline.ops.schedule import job
from pipeline.ops.schedule.job_process import JobProcess
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout


class Host:
    """The services of this host."""

    name = "host"

    @functools.cached_property
    def _settings(self) -> settings.Settings:
        """Read when they are needed: `check` and `doctor` tell what is wrong with them."""
        return settings.current()

    @functools.cached_property
    def _layout(self) -> Layout:
        return Layout(self._settings.data_dir)

    def luigid_url(self) -> str:
        """Return the address in luigi's configuration."""
        return luigi_configuration.scheduler_url()

    def start(self) -> str:
        """Start the hardened luigid as a session of its own.

        Raises:
            StorageError: it ended at once, does not answer, or its files cannot be written.
            SettingsError: luigi's configuration names a luigid of another machine.
        """
        host, port = luigid_process.address(self.luigid_url())
        with processes.one_at_a_time(self._layout.luigid_pid):
            running = processes.recorded(self._layout.luigid_pid)
            if running:
                return f"luigid runs already at {self.luigid_url()} (process {running.pid})."
            if self._answers():
                return (
                    f"luigid answers already at {self.luigid_url()}, started by something else "
                    "than this command; nothing was done."
                )
            started = luigid_process.launch(host, port, self._layout)
            luigid_process.await_answer(started, self._layout, self._answers)
        log = log_files.luigid_log(self._layout)
        return f"luigid runs at {self.luigid_url()} (process {started.pid}); its log is {log}."

    def stop(self) -> str:
        """End the luigid that `start` started.

        Raises:
            StorageError: a luigid answers, but this command did not start it.
        """
        with processes.one_at_a_time(self._layout.luigid_pid):
            running = processes.recorded(self._layout.luigid_pid)
            if running:
                how = running.stop()
                self._layout.luigid_pid.unlink(missing_ok=True)
                hard = "" if how == "SIGTERM" else ", by force: it did not end in 10 s"
                return f"luigid (process {running.pid}) is stopped{hard}."
            self._layout.luigid_pid.unlink(missing_ok=True)
        if self._answers():
            raise StorageError(
                f"luigid answers at {self.luigid_url()}, but `tmdb-pipeline start` did not start "
                "it: stop it where it was started (systemd, another terminal, another data root)."
            )
        return "luigid was not running."

    def restart(self) -> str:
        """Stop, then start."""
        return f"{self.stop()}\n{self.start()}"

    def run_task(self, family: str, day: datetime.date | None, options: Sequence[str]) -> int:
        """Run the task as the schedule would, in the foreground; return luigi's status."""
        command = [_luigi_command(), "--module", "pipeline", family, *options]
        if family in ROOTS:
            return job.trigger(ROOTS[family], day, command)
        process = JobProcess()
        with process.passing_signals_on():
            words = [*command, "--date", str(day or clock.today())]
            return process.run(words, {settings.STARTED_BY: job.TRIGGER})

    def services(self) -> list[Service]:
        """Return luigid, PostgreSQL and cron."""
        from pipeline.ops.runtimes import services

        running = processes.recorded(self._layout.luigid_pid)
        pid = running.pid if running else None
        return services.of_this_host(self.luigid_url(), pid)

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the last lines of the log's file, and go on with what is added if asked to."""
        log_files.show(log_files.found(self._layout, what), lines, follow=follow)

    def ask(self, words: Sequence[str], build: Callable[[], Document]) -> Document:
        """Build the document here."""
        return build()

    def _answers(self) -> bool:
        return self._look().answers

    def _look(self) -> client.Luigid:
        return client.look(self.luigid_url(), luigid_password())


def _luigi_command() -> str:
    beside = Path(sys.executable).with_name("luigi")
    found = str(beside) if beside.exists() else shutil.which("luigi")
    if not found:
        raise SettingsError(
            "There is no `luigi` command: install this package with `pip install .`."
        )
    return found
