"""PostgreSQL's own programs, which dump the task history, look into a dump and restore it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipeline.errors import DataError, StorageError
from pipeline.ops.backup import script
from pipeline.ops.backup.rows import END, Rows
from pipeline.ops.history.schema import TABLE_NAMES
from pipeline.settings import redacted

PROGRAMS = ("pg_dump", "pg_restore", "psql")

TIMEOUT_SECONDS = 1200.0
"""Time limit of one program: less than tmdb-backup.service has in all."""

_LUIGI_TABLES = {"tasks", "task_parameters", "task_events"}
"""The tables of plain luigi; `task_failures` is missing where only that has run."""

_ENTRY = re.compile(
    r"\d+; \d+ \d+ (?P<kind>TABLE DATA|(?:FOREIGN )?TABLE|(?:MATERIALIZED )?VIEW)"
    r" \S+ (?P<name>\S+) .*"
)

_NO_TABLES = "no matching tables were found"

_ADVICE = {
    "server version mismatch": "Install PostgreSQL's client programs of the server's version or "
    "newer (Debian: apt install postgresql-client).",
    "unsupported version": "Install PostgreSQL's client programs of the version that made the dump "
    "or newer (Debian: apt install postgresql-client).",
    "lock timeout": "Stop luigid (`tmdb-pipeline stop`) and what else uses the task history, and "
    "run the command again.",
}
"""Advice by a part of the error message of PostgreSQL."""


@dataclass(frozen=True)
class Dumped:
    """The content of a dump: rows by table, and whether a rehearsal accepted them."""

    rows: Mapping[str, int]
    rehearsed: bool


@dataclass(frozen=True)
class Database:
    """The place of the history, and how PostgreSQL's programs are run there.

    `command` stands before a program, `programs` are their paths by name, `target` is the
    database's URL, `environment` is the programs' own or None for that of this process.
    """

    command: tuple[str, ...]
    programs: Mapping[str, str]
    target: str
    environment: Mapping[str, str] | None

    def version(self) -> str:
        """Return the dumping program and its version, like `pg_dump (PostgreSQL) 17.5`."""
        return self._run("pg_dump", "--version").decode().strip()

    def dump(self, path: Path) -> bool:
        """Write the history's own tables into a new file; return whether there are any.

        Raises:
            StorageError: the database or its program fails; the sentence holds its message.
        """
        words = ["--format=custom", "--no-owner", "--no-privileges", "--lock-wait-timeout=30s"]
        words += ["--no-password", *(f"--table={each}" for each in TABLE_NAMES)]
        with path.open("xb") as file:
            try:
                self._run("pg_dump", *words, self.target, output=file)
            except StorageError as error:
                if _NO_TABLES not in str(error):
                    raise
                return False
        return True

    def check(self, dump: Path) -> None:
        """See that PostgreSQL can read the dump and that it is one of the task history.

        Raises:
            DataError: it cannot, or it is not. What else the dump holds does not matter.
        """
        held, _ = self._listed(dump)
        if missing := _LUIGI_TABLES - set(held):
            raise DataError(
                "The dump in the backup is not of luigi's task history: it lacks the rows of "
                f"{', '.join(sorted(missing))}. Nothing was changed."
            )

    def rehearse(self, dump: Path) -> Dumped:
        """See that the database accepts the dump that was taken from it; change nothing in it.

        Where the role may not create temporary tables, the rows are only counted.

        Raises:
            DataError: PostgreSQL cannot read the dump.
            StorageError: the dump is not whole, or the database does not accept it.
        """
        tables, named = self._listed(dump)
        if missing := (_LUIGI_TABLES | named) - set(tables):
            raise StorageError(
                f"The task history is not whole: there are no rows to dump of "
                f"{', '.join(sorted(missing))}. See that it is a plain table of the database; "
                "luigid creates one that is missing when it starts."
            )
        may = self._run("psql", *_QUIET, f"--command={script.MAY_REHEARSE}", self.target)
        if may.strip() != b"t":
            with open(os.devnull, "wb") as sink:
                return Dumped({each: self._load(dump, each, each, sink) for each in tables}, False)
        try:
            with self._session() as psql:
                psql.write(script.begin_rehearsal(tables))
                rows = {
                    each: self._load(dump, each, script.rehearsed(each), psql) for each in tables
                }
                psql.write(script.ROLLBACK)
        except StorageError as error:
            raise StorageError(
                f"The dump cannot be restored into the database that it is from: {error}"
            ) from None
        return Dumped(rows, True)

    def restore(self, dump: Path) -> None:
        """Replace the rows of the history by those of the dump, all of them or none.

        Raises:
            DataError: PostgreSQL cannot read the dump.
            StorageError: the database refuses it. In both cases the history is as it was.
        """
        tables, _ = self._listed(dump)
        with self._session() as psql:
            psql.write(script.begin_restore())
            for each in tables:
                self._load(dump, each, each, psql)
            psql.write(script.commit_restore())

    def _listed(self, dump: Path) -> tuple[tuple[str, ...], set[str]]:
        """Return which tables of the history a dump holds the rows of, and which it names.

        Of a view or a partitioned table with such a name it holds no rows.
        """
        try:
            listing = self._run("pg_restore", "--list", source=dump).decode(errors="replace")
        except StorageError as error:
            raise DataError(f"The dump in the backup cannot be used: {error}") from None
        found = filter(None, map(_ENTRY.fullmatch, listing.splitlines()))
        entries = {(entry["kind"], entry["name"]) for entry in found}
        held = tuple(each for each in TABLE_NAMES if ("TABLE DATA", each) in entries)
        return held, {name for _, name in entries} & set(TABLE_NAMES)

    def _load(self, dump: Path, table: str, target: str, psql: IO[bytes]) -> int:
        """Hand the rows of one table to psql; return how many there are."""
        words = ["--data-only", f"--table={table}", "--file=-"]
        try:
            with self._running("pg_restore", *words, source=dump) as printed:
                rows = Rows(printed, table)
                psql.write(rows.statement(target))
                for piece in rows:
                    psql.write(piece)
        except ValueError as error:
            raise DataError(f"The dump in the backup cannot be used: {error}.") from None
        psql.write(END + script.see_count(target, table, rows.count))
        return rows.count

    @contextlib.contextmanager
    def _session(self) -> Iterator[IO[bytes]]:
        """Lend the input of a psql. Without a COMMIT in it, nothing that it was given stays."""
        words = [*_QUIET, "--set=ON_ERROR_STOP=1", self.target]
        with self._process("psql", words, subprocess.PIPE, subprocess.DEVNULL) as process:
            assert process.stdin is not None
            with contextlib.suppress(BrokenPipeError):  # it ended early: its message says why
                try:
                    yield process.stdin
                finally:
                    process.stdin.close()

    @contextlib.contextmanager
    def _running(self, program: str, *words: str, source: Path) -> Iterator[IO[bytes]]:
        """Lend what a program prints that reads the source."""
        with (
            source.open("rb") as given,
            self._process(program, words, given, subprocess.PIPE) as process,
        ):
            assert process.stdout is not None
            yield process.stdout

    def _run(
        self, program: str, *words: str, source: Path | None = None, output: IO[bytes] | None = None
    ) -> bytes:
        """Run a program that reads the source and return what it prints, or have it in output."""
        with (
            (source or Path(os.devnull)).open("rb") as given,
            self._process(program, words, given, output or subprocess.PIPE) as process,
        ):
            return process.stdout.read() if process.stdout else b""

    @contextlib.contextmanager
    def _process(
        self,
        program: str,
        words: Sequence[str],
        given: IO[bytes] | int,
        output: IO[bytes] | int,
    ) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program beside the block, and end it where the block fails or it takes too long.

        Raises:
            StorageError: it failed; the sentence holds its message.
        """
        command = [*self.command, self.programs[program], *words]
        with (
            tempfile.TemporaryFile() as messages,
            subprocess.Popen(  # noqa: S603  no shell
                command, stdin=given, stdout=output, stderr=messages, env=self.environment
            ) as process,
            _time_limit(process.kill) as is_over,
        ):
            try:
                yield process
            except ValueError:  # what it printed makes no sense: maybe because it failed itself
                _end(process)
                if process.returncode <= 0 and not is_over():
                    raise
            except BaseException:
                process.kill()
                raise
            process.wait()
            messages.seek(0)
            if is_over():
                raise StorageError(
                    f"{program} did not end within {TIMEOUT_SECONDS / 60:g} minutes: see whether "
                    "PostgreSQL answers."
                )
            if process.returncode:
                raise StorageError(f"{program} failed: {_message(messages.read())}")


_QUIET = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--no-password")


@contextlib.contextmanager
def _time_limit(end: Callable[[], None]) -> Iterator[Callable[[], bool]]:
    """Call `end` once the time is over; lends whether it was."""
    timer = threading.Timer(TIMEOUT_SECONDS, end)
    timer.daemon = True
    timer.start()
    try:
        yield timer.finished.is_set
    finally:
        timer.cancel()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end of a program that is ending by itself, and kill one that is not."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(1)
    process.kill()
    process.wait()


def _message(stderr: bytes) -> str:
    """Return the error in what a program printed, without secrets, to be the end of a sentence."""
    lines = [line.strip() for line in stderr.decode(errors="replace").splitlines() if line.strip()]
    errors = [line.partition("error: ")[2] for line in lines if "error: " in line]
    errors += [line.partition("ERROR:")[2].strip() for line in lines if line.startswith("ERROR:")]
    detail = next(
        (f" ({line.partition('detail: ')[2]})" for line in lines if "detail: " in line), ""
    )
    found = (errors or lines[-1:] or ["it did not say why"])[0].rstrip(".")
    found = redacted(f"{found}{detail}.")
    advice = next((advice for text, advice in _ADVICE.items() if text in found), "")
    return f"{found} {advice}".rstrip()
