"""Commands in one new interpreter, for what only a new one reads: the locale and PYTHONIOENCODING.

The interpreter imports the pipeline once and is forked for each command.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SCRIPTS = {
    "luigi": ("pipeline.luigi_cli", "luigi"),
    "tmdb-pipeline": ("pipeline.ops.cli", "main"),
    "demo-server": ("pipeline.demo.server", "main"),
}
_LIBRARIES = (
    "sqlalchemy.dialects.postgresql.psycopg2",
    "sqlalchemy.orm",
    "tabulate",
    "luigi.db_task_history",
)
_END = ";"


class Ended(NamedTuple):
    """The exit status of a command and what it printed."""

    status: int
    out: bytes
    err: bytes


def run_forked(
    commands: Sequence[Sequence[str]], variables: Mapping[str, str], folder: Path
) -> list[Ended]:
    """Run commands one after the other in a new interpreter with these variables.

    Args:
        commands: words that begin with NAME=value, if wanted, and one of `SCRIPTS`.
        folder: where the output goes; it is the working folder too.
    """
    tests = str(Path(__file__).parent.parent)
    code = f"import sys; sys.path.insert(0, {tests!r}); import support.forked_commands as it"
    words = [word for command in commands for word in (*command, _END)]
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; it.fork_for_each()", *words],
        env=variables, cwd=folder, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    statuses = [int(word) for word in done.stdout.split()]
    return [
        Ended(
            status, (folder / f"{number}.out").read_bytes(), (folder / f"{number}.err").read_bytes()
        )
        for number, status in enumerate(statuses)
    ]


def fork_for_each() -> None:
    """Run the commands of the arguments, each in a fork, and print their exit statuses."""
    words, command, number = sys.argv[1:], [], 0
    sys.argv[1:] = []
    wanted = [module for script, (module, _) in SCRIPTS.items() if script in words]
    for module in (*wanted, *(_LIBRARIES if "tmdb-pipeline" in words else ())):
        importlib.import_module(module)
    gc.freeze()
    for word in words:
        if word != _END:
            command.append(word)
            continue
        child = os.fork()
        if child == 0:
            _run(command, number)
        _, status = os.waitpid(child, 0)
        os.write(1, b"%d\n" % os.waitstatus_to_exitcode(status))
        command, number = [], number + 1


def _run(command: list[str], number: int) -> None:
    """Become the command: its arguments, its output, its end."""
    for suffix, descriptor in (("out", 1), ("err", 2)):
        opened = os.open(f"{number}.{suffix}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(opened, descriptor)
        os.close(opened)
    while "=" in command[0]:
        name, _, value = command.pop(0).partition("=")
        os.environ[name] = value
    sys.argv = [str(Path(sys.executable).with_name(command[0])), *command[1:]]
    module, function = SCRIPTS[command[0]]
    try:
        status = getattr(importlib.import_module(module), function)()
    except SystemExit as ending:
        status = ending.code
        if isinstance(status, str):  # as Python ends
            print(status, file=sys.stderr)
            status = 1
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(int(status or 0))  # without taking all modules down, which is half of the time
