"""PostgreSQL's own programs, which dump the task history, look into a dump and restore it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.errors import DataError, StorageError
from pipeline.settings import redacted

TIMEOUT_SECONDS = 3600.0
"""No dump of this history takes so long: the database does not answer any more."""

_TABLES = "public.task*"
"""luigi's tables and ours; whatever else lives in the database is none of our business."""

_KINDS = (
    "TABLE DATA|TABLE|SEQUENCE OWNED BY|SEQUENCE SET|SEQUENCE|DEFAULT|FK CONSTRAINT|CONSTRAINT"
    "|INDEX|COMMENT"
)
_ENTRY = re.compile(rf"\d+; \d+ \d+ ({_KINDS}) public (\S+) .*")

_NO_TABLES = "no matching tables were found"


@dataclass(frozen=True)
class Database:
    """Where the history is, and how its programs are run there.

    `command` stands before a program's name, `target` names the database, `environment` is the
    programs', None for this process's own.
    """

    command: tuple[str, ...]
    folder: Path | None
    target: str
    environment: Mapping[str, str] | None

    def version(self) -> str:
        """Return the dumping program and its version, like `pg_dump (PostgreSQL) 17.5`."""
        return self._run("pg_dump", "--version").decode().strip()

    def dump(self, path: Path) -> bool:
        """Write the history into a new file; return whether there was one.

        Raises:
            StorageError: the database or its program fails; the sentence says what it said.
        """
        words = ["--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s"]
        with path.open("xb") as file:
            try:
                self._run("pg_dump", *words, f"--table={_TABLES}", self.target, output=file)
            except StorageError as error:
                if _NO_TABLES not in str(error):
                    raise
                return False
        return True

    def check(self, dump: Path) -> None:
        """See that PostgreSQL can read the dump and that it is one of the task history.

        Raises:
            DataError: it cannot, or it is not.
        """
        try:
            listing = self._run("pg_restore", "--list", source=dump).decode(errors="replace")
        except StorageError as error:
            raise DataError(f"The dump in the backup cannot be used: {error}") from None
        lines = [line for line in listing.splitlines() if line and not line.startswith(";")]
        entries = [_ENTRY.fullmatch(line) for line in lines]
        held = {entry.groups() for entry in entries if entry}
        if not all(entries) or not {("TABLE", "tasks"), ("TABLE DATA", "tasks")} <= held:
            raise DataError(
                "The dump in the backup is not of luigi's task history. Nothing was changed."
            )

    def restore(self, dump: Path) -> None:
        """Put the dump in the place of the history, all of it or nothing.

        Raises:
            StorageError: the database refuses it; then it is as it was.
        """
        words = ["--clean", "--if-exists", "--single-transaction", "--exit-on-error"]
        words += ["--no-owner", "--no-privileges", f"--dbname={self.target}"]
        self._run("pg_restore", *words, source=dump)

    def _run(
        self, program: str, *words: str, source: Path | None = None, output: IO[bytes] | None = None
    ) -> bytes:
        """Run a program that reads the source and return what it prints, or have it in output."""
        command = [*self.command, str(self.folder / program) if self.folder else program, *words]
        with (source or Path(os.devnull)).open("rb") as given:
            try:
                done = subprocess.run(  # noqa: S603  no shell
                    command,
                    stdin=given,
                    stdout=output or subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    env=self.environment,
                    timeout=TIMEOUT_SECONDS,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise StorageError(
                    f"{program} did not end within an hour: see PostgreSQL."
                ) from None
        if done.returncode:
            raise StorageError(f"{program} failed: {_said(done.stderr)}")
        return done.stdout or b""


def _said(stderr: bytes) -> str:
    """Return what a program said is wrong, without secrets, to be the end of a sentence."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    told = (errors or lines[-1:] or ["it did not say why"])[0]
    return redacted(told).rstrip(".") + "."
