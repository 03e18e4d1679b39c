"""Run root tasks as the `luigi` command does, each on the morning of its date.

    python -P run_tasks.py MODULE:FUNCTION TASK=DATE...

MODULE:FUNCTION is the entry point of the command. Everything is imported once, and each run is a
fork. This file runs the code of any commit, so that it imports nothing from this one.
"""

import datetime
import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import time_machine


def main() -> None:
    """Run the tasks one after another and stop after the first one that fails."""
    entry_point, *runs = sys.argv[1:]
    module, _, function = entry_point.partition(":")
    package = importlib.import_module(module.partition(".")[0])
    checkout = Path(os.environ["PYTHONPATH"]).resolve()
    if not Path(str(package.__file__)).resolve().is_relative_to(checkout):
        sys.exit(f"{package.__file__} was imported, which is not below {checkout}.")
    command = getattr(importlib.import_module(module), function)
    importlib.import_module("pipeline")
    for run in runs:
        task, _, date = run.partition("=")
        child = os.fork()
        if child == 0:
            _run(command, task, date)
        _, status = os.waitpid(child, 0)
        if status:
            sys.exit(f"{task} of {date} ended with status {os.waitstatus_to_exitcode(status)}.")


def _run(command: Callable[[], object], task: str, date: str) -> None:
    """Be the `luigi` command, to the end of this process."""
    morning = datetime.datetime.fromisoformat(f"{date}T02:00:00+00:00")
    sys.argv = ["luigi", "--module", "pipeline", task, "--date", date, "--local-scheduler"]
    with time_machine.travel(morning):
        command()
    sys.exit()


if __name__ == "__main__":
    main()
