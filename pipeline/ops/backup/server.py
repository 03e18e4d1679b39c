"""The server that holds the task history, and PostgreSQL's own programs to reach it.

A password reaches them by their environment, never by their arguments, which every user of the
machine can list.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from pipeline.errors import StorageError
from pipeline.ops.history.connection import make_engine
from pipeline.ops.runtimes.compose import Compose, docker_compose
from pipeline.ops.settings import environment, history_url
from pipeline.settings import redacted

PROGRAMS = ("pg_dump", "pg_restore", "psql")

TIMEOUT_SECONDS = 1200.0
"""Time limit of one program: less than tmdb-backup.service has in all."""

_INSTALL = (
    "Install PostgreSQL's client programs of the version of the server and of the dump, or newer "
    "(Debian: apt install postgresql-client)."
)
_ADVICE = {
    **dict.fromkeys(("server version mismatch", "unsupported version"), _INSTALL),
    "lock timeout": "Stop luigid (`tmdb-pipeline stop`) and what else uses the task history, and "
    "run the command again.",
}
"""Advice by a part of the error message of PostgreSQL."""


class Server(NamedTuple):
    """Where a database is: the words before a program, the database's URL, and the environment."""

    command: tuple[str, ...]
    target: str
    environment: Mapping[str, str] | None

    def run(
        self, program: str, *words: str, source: Path | None = None, output: Path | None = None
    ) -> str:
        """Run a program on a file; return what it prints, or have it written to another one."""
        with contextlib.ExitStack() as opened:
            given = opened.enter_context((source or Path(os.devnull)).open("rb"))
            printed = opened.enter_context(output.open("wb")) if output else subprocess.PIPE
            try:
                done = subprocess.run(  # noqa: S603  no shell
                    [*self.command, program, *words], stdin=given, stdout=printed, check=False,
                    stderr=subprocess.PIPE, env=self.environment, timeout=TIMEOUT_SECONDS,
                )  # fmt: skip
            except FileNotFoundError:
                raise StorageError(f"{program} is not on the PATH. {_INSTALL}") from None
            except subprocess.TimeoutExpired:
                minutes = f"{TIMEOUT_SECONDS / 60:g} minutes"
                raise StorageError(
                    f"{program} did not end within {minutes}: see whether PostgreSQL answers."
                ) from None
        if done.returncode:
            raise StorageError(f"{program} failed: {_message(done.stderr)}")
        return (done.stdout or b"").decode(errors="replace")

    def run_sql(self, *words: str, source: Path | None = None) -> str:
        """Run SQL and return what it prints; a file of SQL ends at its first error."""
        quiet = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password")
        return self.run("psql", *quiet, "--set=ON_ERROR_STOP=1", *words, self.target, source=source)


def server_of(runtime: str) -> Server | None:
    """Return the server of the runtime of that name; None where no history is kept.

    `auto` is the address in PIPELINE_HISTORY_URL, or the compose stack that is set up here.
    """
    url = history_url()
    if runtime != "compose" and url:
        address = make_engine(url).url
        password = address.query.get("password") or address.password
        given = {"PGPASSWORD": str(password)} if password else {}
        variables = {"PGCONNECT_TIMEOUT": "10", **environment(), **given, "LC_ALL": "C"}
        public = address._replace(password=None).difference_update_query(["password"])
        return Server((), public.set(drivername="postgresql").render_as_string(), variables)
    if runtime == "compose" or (runtime == "auto" and Compose.runs_here()):
        inside = (*docker_compose(), "exec", "-T", "-e", "LC_ALL=C", "postgres")
        return Server(inside, "postgresql://luigi@/luigi", None)
    if runtime == "auto" and Compose.is_set_up_here():
        raise StorageError(
            "The compose stack of this folder does not run, or docker does not answer, so its task "
            "history is out of reach: `tmdb-pipeline start --runtime compose` starts it; "
            "--no-history leaves the history out."
        )
    return None


def _message(stderr: bytes) -> str:
    """Return the error in what a program printed, without secrets, with what to do about it."""
    text = stderr.decode(errors="replace").strip()
    error = re.search(r"(?:error: |ERROR: )+ *(.+)", text)
    detail = re.search(r"detail: (.+)", text)
    found = error[1] if error else text.rpartition("\n")[2] or "it did not say why"
    found = redacted(f"{found.rstrip('.')}{f' ({detail[1]})' if detail else ''}.")
    return " ".join([found, *(advice for part, advice in _ADVICE.items() if part in found)])
