"""Plain processes of this host: luigid in the background.

The luigid that `start` started is remembered in a file. A process is taken for it only if its
command names the state file of this data root: its number may be another process's by now.
"""

import contextlib
import functools
import json
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import psutil

from pipeline import clock, settings
from pipeline.documents import json_text
from pipeline.errors import SettingsError, StorageError
from pipeline.ops.luigid import client
from pipeline.ops.runs import log_files
from pipeline.ops.runtimes import services
from pipeline.ops.runtimes.services import Service
from pipeline.ops.settings import luigid_password
from pipeline.paths import Layout
from pipeline.runtime import luigi_configuration
from pipeline.runtime.logs import open_append
from pipeline.storage import local
from pipeline.storage.private_files import open_private

START_SECONDS = 30.0  # until it answers: it first reads its state and asks the database
STOP_SECONDS = 10.0  # after SIGTERM


class Host:
    """The services of this host."""

    name = "host"

    @functools.cached_property
    def _layout(self) -> Layout:
        """Read when it is needed: `check` and `doctor` report what is wrong with the settings."""
        return settings.current().layout

    def luigid_url(self) -> str:
        """Return the address in luigi's configuration."""
        return luigi_configuration.scheduler_url()

    def start(self) -> str:
        """Start the hardened luigid as a session of its own."""
        url, log = self.luigid_url(), self._layout.luigid_log
        address = urlsplit(url)
        if address.hostname not in ("localhost", "127.0.0.1", "::1"):
            raise SettingsError(
                f"scheduler_url in luigi's configuration names a luigid on {address.hostname}: "
                "start it there, or set scheduler_url = http://127.0.0.1:8082/."
            )
        host = address.hostname.replace("localhost", "127.0.0.1")
        port = address.port or (443 if address.scheme == "https" else 80)
        words = ["--address", host, "--port", str(port), "--log-file", str(log)]
        words += ["--state-path", str(self._layout.luigid_state)]
        with self._one_at_a_time():
            if running := self._luigid():
                return f"luigid runs already at {url} (process {running.pid})."
            if self._answers():
                other = "started by something else than this command; nothing was done."
                return f"luigid answers already at {url}, {other}"
            with open_append(log) as stream:
                child = psutil.Popen(
                    [sys.executable, "-m", "pipeline.ops.cli", "luigid", *words],
                    stdin=subprocess.DEVNULL, stdout=stream, stderr=stream, start_new_session=True,
                )  # fmt: skip
            self._layout.luigid_pid.write_text(json.dumps({"pid": child.pid}), encoding="utf-8")
            if why := self._failure(child):
                self._end(child)
                raise StorageError(f"luigid {why}: {log_files.last_line(log)} (log: {log})")
        return f"luigid runs at {url} (process {child.pid}); its log is {log}."

    def stop(self) -> str:
        """End the luigid that `start` started; one that something else started is an error."""
        with self._one_at_a_time():
            if running := self._luigid():
                self._end(running)
                return f"luigid (process {running.pid}) is stopped."
            self._layout.luigid_pid.unlink(missing_ok=True)
        if self._answers():
            raise StorageError(
                f"luigid answers at {self.luigid_url()}, but `tmdb-pipeline start` did not start "
                "it: stop it where it was started (systemd, another terminal, another data root)."
            )
        return "luigid was not running."

    def services(self) -> list[Service]:
        """Return luigid, PostgreSQL and cron."""
        running = self._luigid()
        luigid = services.luigid(self.luigid_url(), running.pid if running else None)
        return [luigid, services.postgres(), services.cron()]

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the last lines of the log's file, and go on with what is added if asked to."""
        log_files.show(log_files.found(self._layout, what), lines, follow=follow)

    def _answers(self) -> bool:
        return client.look(self.luigid_url(), luigid_password()).answers

    def _luigid(self) -> psutil.Process | None:
        """Return the luigid that was started for this data root, if it still runs."""
        try:
            facts = json_text.decode(local.read(self._layout.luigid_pid))
            process = psutil.Process(int(facts["pid"]))
            is_ours = str(self._layout.luigid_state) in process.cmdline()
        except (OSError, ValueError, TypeError, KeyError, psutil.Error):
            return None
        return process if is_ours else None

    @contextlib.contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Let one command at a time start or stop luigid, and report files in its way."""
        path = self._layout.luigid_pid.with_suffix(".lock")
        try:
            with open(open_private(path), "rb") as stream:
                local.lock(stream.fileno())
                yield
        except OSError as error:
            why = f"{error.filename or path.parent} cannot be written ({error.strerror})"
            raise StorageError(f"{why}: fix its owner or permissions.") from None

    def _failure(self, child: psutil.Popen) -> str | None:
        """Wait until luigid answers; return what went wrong instead."""
        deadline = clock.monotonic() + START_SECONDS
        while clock.monotonic() < deadline:
            if self._answers():
                return None
            with contextlib.suppress(psutil.TimeoutExpired):
                child.wait(0.05)
                return "ended at once"
        return f"did not answer in {START_SECONDS:g} s"

    def _end(self, process: psutil.Process) -> None:
        """End luigid, by SIGKILL if it has to be, and forget it."""
        for end in (process.terminate, process.kill):
            with contextlib.suppress(psutil.NoSuchProcess):
                end()
            if psutil.wait_procs([process], timeout=STOP_SECONDS)[0]:
                self._layout.luigid_pid.unlink(missing_ok=True)
                return
        raise StorageError(f"Process {process.pid} outlived SIGKILL: its disk does not answer.")
