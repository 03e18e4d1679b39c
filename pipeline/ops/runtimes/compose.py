"""The compose stack of the working folder, driven by `docker compose`.

What needs settings, files or the database is asked inside the `cron` container, where all of them
are at hand: PostgreSQL publishes no port.
"""

from __future__ import annotations

import datetime
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline import settings
from pipeline.errors import PipelineError, StorageError
from pipeline.ops import luigi_configuration
from pipeline.ops.runtimes import docker
from pipeline.ops.runtimes.runtime import Document, Service

FILE = Path("docker-compose.yml")
NAMES = ("postgres", "luigid", "cron")
INSIDE = ("exec", "-T", "cron", "tmdb-pipeline")

UNTIL_STDIN_CLOSES = "--until-stdin-closes"
"""An option that ends a run inside the container with the client outside; docker does not."""

_OURS = "tmdb-pipeline: "
"""The beginning of a sentence of our command inside the container."""


class Compose:
    """The services of docker-compose.yml in the working folder."""

    name = "compose"

    @classmethod
    def absence(cls) -> str | None:
        """Return why no stack is meant: a sentence, or nothing where there is no docker.

        It is None where services of the working folder's stack run.
        """
        if not shutil.which("docker"):
            return ""
        if not FILE.is_file():
            return f"There is no {FILE} in {Path.cwd()}."
        try:
            is_up = any(each.state == "up" for each in cls().services())
        except PipelineError as error:
            return str(error)
        return None if is_up else "The compose stack of this folder does not run."

    @classmethod
    def runs_here(cls) -> bool:
        """Return whether there is a stack in the working folder, and services of it run."""
        return cls.absence() is None

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
        docker.show("up", "-d", "--wait")
        return f"The stack is up; luigid's page is at {self.luigid_url()}."

    def stop(self) -> str:
        """Take the containers down; volumes, and so the history, stay."""
        docker.show("down")
        return "The stack is down; its data and history are kept."

    def run_task(self, family: str, day: datetime.date | None, options: Sequence[str]) -> int:
        """Run the task inside the cron container, whose time zone says what today is."""
        words = ["trigger", family, *([str(day)] if day else []), "--runtime", "host"]
        further = ["--", *options] if options else []
        return docker.run([*INSIDE, *words, UNTIL_STDIN_CLOSES, *further])

    def services(self) -> list[Service]:
        """Return the three services as compose sees them."""
        text = docker.output_of("ps", "--all", "--format", "json")
        try:  # a list in older versions, a row a line in newer ones
            rows = json.loads(text if text.startswith("[") else f"[{','.join(text.splitlines())}]")
            found = {row["Service"]: row for row in rows}
        except (ValueError, TypeError, KeyError):
            raise StorageError("`docker compose ps` said nothing that can be understood.") from None
        services = []
        for name in NAMES:
            row = found.get(name, {})
            is_up = row.get("State") == "running" and row.get("Health") != "unhealthy"
            detail = str(row.get("Status") or row.get("State") or "no container")
            services.append(Service(name, "up" if is_up else "down", detail))
        return services

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the container's log: luigid's, or cron's for the runs; a task's from its file."""
        further = ["--follow"] if follow else []
        if what in ("luigid", "run"):
            service = "luigid" if what == "luigid" else "cron"
            docker.show("logs", "--tail", str(lines), *further, service)
        else:
            docker.show(*INSIDE, "logs", "--runtime", "host", "-n", str(lines), *further, what)

    def ask(self, words: Sequence[str], build: Callable[[], Document]) -> Document:
        """Ask the cron container for the document; where it is down, see what this host can.

        Raises:
            StorageError: the command's own sentence, or why the container does not answer.
        """
        if not any(each.service == "cron" and each.state == "up" for each in self.services()):
            document = build()
            document.setdefault("notes", []).append(
                "The container cron does not run: this is what can be seen from outside, without "
                "the history; `tmdb-pipeline start --runtime compose` starts it."
            )
            return {**document, "runtime": self.name}
        _, text, why = docker.ask([*INSIDE, *words, "--runtime", "host", "--json"], 120.0)
        try:
            return {**json.loads(text), "runtime": self.name}
        except ValueError:
            is_ours = why.startswith(_OURS)
            sentence = f"The container cron does not answer: {why}"
            raise StorageError(why.removeprefix(_OURS) if is_ours else sentence) from None
