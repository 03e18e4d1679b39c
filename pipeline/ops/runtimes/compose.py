"""The compose stack of the working folder, driven by `docker compose`.

What needs settings, files or the database is asked inside the `cron` container, where all of them
are at hand: PostgreSQL publishes no port.
"""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

import click

from pipeline.errors import PipelineError, StorageError
from pipeline.ops.runtimes.services import Document, Service
from pipeline.runtime import luigi_configuration

FILE = Path("docker-compose.yml")
INSIDE = ("exec", "-T", "cron", "tmdb-pipeline")


class NoCompose(StorageError):
    """Docker is installed without its plugin compose."""


class Compose:
    """The services of docker-compose.yml in the working folder."""

    name = "compose"

    @classmethod
    def absence(cls) -> str | None:
        """Return why no stack is meant, "" without compose; None where services of it run here."""
        if not shutil.which("docker"):
            return ""
        if not FILE.is_file():
            return f"There is no {FILE} in {Path.cwd()}."
        try:
            is_up = any(each.state == "up" for each in cls().services())
        except NoCompose:
            return ""
        except PipelineError as error:
            return str(error)
        return None if is_up else "The compose stack of this folder does not run."

    def luigid_url(self) -> str:
        """Return the address that the stack publishes; where it is down, luigi's own setting."""
        with contextlib.suppress(StorageError):
            return f"http://{_ask(('port', 'luigid', '8082'))[0].strip()}/"
        return luigi_configuration.scheduler_url()

    def start(self) -> str:
        """Bring the stack up and wait until it is healthy."""
        _show("up", "-d", "--wait")
        return f"The stack is up; luigid's page is at {self.luigid_url()}."

    def stop(self) -> str:
        """Take the containers down; volumes, and so the history, stay."""
        _show("down")
        return "The stack is down; its data and history are kept."

    def run_inside(self, command: str, *words: str) -> int:
        """Run a command of ours inside the cron container, whose time zone says what today is."""
        return _run([*INSIDE, command, "--runtime", "host", "--until-stdin-closes", *words])

    def services(self) -> list[Service]:
        """Return the three services as compose sees them."""
        text, _ = _ask(("ps", "--all", "--format", "json"))
        try:  # a list in older versions, a row a line in newer ones
            rows = json.loads(text if text.startswith("[") else f"[{','.join(text.splitlines())}]")
            found = {row["Service"]: row for row in rows}
        except (ValueError, TypeError, KeyError):
            raise StorageError("`docker compose ps` said nothing that can be understood.") from None
        services = []
        for name in ("postgres", "luigid", "cron"):
            row = found.get(name, {})
            is_up = row.get("State") == "running" and row.get("Health") != "unhealthy"
            detail = row.get("Status") or row.get("State") or "no container"
            services.append(Service(name, "up" if is_up else "down", str(detail)))
        return services

    def show_logs(self, what: str, lines: int, *, follow: bool) -> None:
        """Print the container's log: luigid's, or cron's for the runs; a task's from its file."""
        further = ["--follow"] if follow else []
        if service := {"luigid": "luigid", "run": "cron"}.get(what):
            _show("logs", "--tail", str(lines), *further, service)
        else:
            _show(*INSIDE, "logs", "--runtime", "host", "-n", str(lines), *further, what)

    def ask(self, words: Sequence[str], build: Callable[[], Document]) -> Document:
        """Ask the cron container for the document; where it is down, see what this host can."""
        if not any(each.service == "cron" and each.state == "up" for each in self.services()):
            document = build()
            document.setdefault("notes", []).append(
                "The container cron does not run: this is what can be seen from outside, without "
                "the history; `tmdb-pipeline start --runtime compose` starts it."
            )
            return {**document, "runtime": self.name}
        inside = [*INSIDE, *words, "--runtime", "host", "--json"]
        text, why = _ask(inside, 120.0, may_fail=True)  # as `doctor` does where it finds a problem
        try:
            return {**json.loads(text), "runtime": self.name}
        except ValueError:
            _, is_of_the_command, sentence = why.partition("tmdb-pipeline: ")
            silence = f"The container cron does not answer: {why}"
            raise StorageError(sentence if is_of_the_command else silence) from None


def docker_compose() -> list[str]:
    """Return the words that begin a command, or raise StorageError where there is no docker."""
    if found := shutil.which("docker"):
        return [found, "compose"]
    raise StorageError("There is no `docker` command: install it, or use --runtime host.")


def _show(*words: str) -> None:
    """Run `docker compose` with its output shown as it comes; Ctrl-C ends it and is no fault."""
    if (status := _run(words, stdin=None)) == 130:
        sys.exit(status)
    if status:
        command = f"`docker compose {' '.join(words)}`"
        raise StorageError(f"{command} ended with status {status}: see what it says above.")


def _run(words: Sequence[str], stdin: int | None = subprocess.PIPE) -> int:
    """Run `docker compose` with its output shown, and return its status.

    The client is a session of its own, so that Ctrl-C reaches this process alone. With a pipe that
    closes stdin, which ends what `exec` started inside: docker passes no signal on to it.
    """
    sys.stdout.flush()
    command = [*docker_compose(), *words]
    client = subprocess.Popen(command, stdin=stdin, start_new_session=True)  # noqa: S603

    def stop(number: int, _: FrameType | None) -> None:
        client.stdin.close() if client.stdin else client.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)
    return client.wait()


def _ask(words: Sequence[str], seconds: float = 20.0, *, may_fail: bool = False) -> tuple[str, str]:
    """Run `docker compose`; return what it prints, and its last word on stderr."""
    command = [*docker_compose(), *words]
    try:
        done = subprocess.run(command, capture_output=True, timeout=seconds)  # noqa: S603
    except subprocess.TimeoutExpired:
        text = f"`docker compose {' '.join(words[:3])}` did not answer in {seconds:g} s"
        raise StorageError(f"{text}: see whether the docker service runs.") from None
    lines = click.unstyle(done.stderr.decode(errors="replace")).strip().splitlines()
    why = lines[-1].strip() if lines else "it said nothing."
    if done.returncode and not may_fail:
        if b"docker --help" in done.stderr:  # docker's own help, which compose never names
            raise NoCompose("docker has no `compose`: install its plugin, or use --runtime host.")
        raise StorageError(f"`docker compose {' '.join(words)}` failed: {why}")
    return done.stdout.decode(errors="replace"), why
