"""`tmdb-pipeline` run by the interpreter of the tests: all of the command but a new process.

What it starts itself (PostgreSQL's programs, luigid) are real processes. A run in a process of its
own is `support.operate.operated`; each command needs one test by that as well.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from unittest import mock

from click.testing import CliRunner
from support.luigi_runs import Run

from pipeline.ops import cli


def invoked(*words: str, env: Mapping[str, str], **changes: str | None) -> Run:
    """Run the command in the current folder with these variables and no others.

    A variable of None is removed.
    """
    given: dict[str, str | None] = {**env, **changes}
    others: dict[str, str | None] = {name: None for name in os.environ if name not in given}
    with (
        CliRunner().isolation(env=others | given) as (out, err, _),
        mock.patch.object(sys, "argv", ["tmdb-pipeline", *words]),
    ):
        status = _status()
        sys.stdout.flush()
        sys.stderr.flush()
    return Run(status, out.getvalue().decode(), err.getvalue().decode())


def _status() -> int:
    """Run the command and return the exit status that it leaves by."""
    try:
        cli.main()
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0
