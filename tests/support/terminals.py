"""A `tmdb-pipeline` command on a terminal of its own, which a test reads and answers."""

from __future__ import annotations

import os
import pty
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from support.luigi_runs import installed


class Terminal:
    """The command as a child process; it is killed where the block ends before it does."""

    def __init__(self, *words: str, env: Mapping[str, str], cwd: Path) -> None:
        self._ours, theirs = pty.openpty()
        self._process = subprocess.Popen(
            [installed("tmdb-pipeline"), *words], env=env, cwd=cwd,
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._ours)

    def read_until(self, text: str) -> str:
        """Return what is printed up to that text."""
        shown = ""
        while text not in shown:
            shown += os.read(self._ours, 65_536).decode()
        return shown

    def write(self, text: str) -> None:
        """Type a text."""
        os.write(self._ours, text.encode())

    def wait(self) -> int:
        """Return the exit status."""
        return self._process.wait(60)
