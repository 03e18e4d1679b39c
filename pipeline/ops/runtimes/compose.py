"""The compose stack of the working folder, driven by `docker compose`.

What needs settings, files or the database is asked inside the `cron` container, where all of them
are at hand: PostgreSQL publishes no port.
"""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pipeline import settings
from pipeline.errors import PipelineError, StorageError
from pipeline.ops import luigi_configuration
from pipeline.ops.runtimes import docker
from pipeline.ops.runtimes.runtime import Document, Service

FILE = Path("docker-compose.yml")
NAMES = ("postgres", "luigid", "cron")
INSIDE = ("exec", "-T", "cron")

UNTIL_STDIN_CLOSES = "--until-stdin-closes"
"""An option that ends a run inside the container with the client outside; docker does not."""


class Compose:
    """The services of docker-compose.yml in the working folder."""

    name = "compose"

    @classmethod
    def runs_here(cls) -> bool:
        """Return whether there is a stack in the working folder, and services of it run."""
        if not (FILE.is_file() and shutil.which("docker")):
            return False
        try:
            return any(each.state == "up" for each in cls().services())
        except PipelineError:
            return False

    @classmethod
    def is_set_up_here(cls) -> bool:
        """Return whether there is a stack in the working folder, and `.env` has its password."""
        return FILE.is_file() and bool(settings.dotenv().get("POSTGRES_PASSWORD", "").strip())

    def luigid_url(self) -> str:
        """Return the address that the stack publishes; where it is down, luigi's own setting."""
        try:
            return f"http://{docker.output_of('port', 'luigid', '8082').strip()}/"
        except StorageError:
            return luigi_configuration.scheduler_url()

    def start(self) -> str:
        """Bring the stack up and wait until it is healthy."""
        docker.shown("up", "-d", "--wait")
        return f"The stack is up; luigid's page is at {self.luigid_url()}."

    def stop(self) -> str:
        """Take the containers down; volumes, and so the history, stay."""
        docker.shown("down")
        return "The stack is down; its data and history are kept."

    def restart(self) -> str:
        """Restart the containers, apply what changed in .env or the file, wait for health."""
        docker.shown("restart")
        return self.start()

    def run_task(self, family: str, day: datetime.date | None, options: Sequence[str]) -> int:
        """Run the task inside the cron container, whose time zone says what today is."""
        date = [str(day)] if day else []
        further = ["--", *options] if options else []
        words = ["trigger", family, *date, "--runtime", "host", UNTIL_STDIN_CLOSES, *further]
        return docker.attached(*INSIDE, "tmdb-pipeline", *words)

    def services(self) -> list[Service]:
        """Return the three services as compose sees them."""
        rows = {
            row.get("Service"): row
            for row in docker.rows(docker.output_of("ps", "--all", "--format", "json"))
        }
        return [_service(name, rows.get(name, {})) for name in NAMES]

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the container's log: luigid's, or cron's for the runs; a task's from its file."""
        further = ["--follow"] if follow else []
        if what in ("luigid", "run"):
            service = "luigid" if what == "luigid" else "cron"
            docker.shown("logs", "--tail", str(lines), *further, service)
        else:
            words = ["tmdb-pipeline", "logs", "--runtime", "host", "-n", str(lines), *further]
            docker.shown(*INSIDE, *words, what)

    def ask(self, words: Sequence[str], build: Callable[[], Document]) -> Document:
        """Ask the cron container for the document; where it is down, see what this host can."""
        services = self.services()
        if any(each.service == "cron" and each.state == "up" for each in services):
            document = docker.asked(words)
        else:
            document = build()
            document.setdefault("notes", []).append(
                "The container cron does not run: this is what can be seen from outside, without "
                "the history; `tmdb-pipeline start --runtime compose` starts it."
            )
        return {**document, "runtime": self.name}


def _service(name: str, row: dict[str, Any]) -> Service:
    up = row.get("State") == "running" and row.get("Health") in ("", None, "healthy", "starting")
    detail = str(row.get("Status") or row.get("State") or "no container")
    return Service(name, "up" if up else "down", detail)
