"""The `luigi` command of an environment in which this package is installed.

It is luigi's own command line, started after `pipeline` has looked at the configuration, so that a
damaged luigi.cfg, a misspelt task and an interrupted run end in one sentence as well. A run of the
pipeline keeps a log, ends whole when it is stopped, and alerts those on duty when it failed. Tasks
of another module run as luigi would run them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import luigi as luigi_package
from luigi.cmdline import luigi_run
from luigi.cmdline_parser import CmdlineParser
from luigi.parameter import ParameterException
from luigi.task_register import Register, TaskClassException

from pipeline.errors import PipelineError, SettingsError
from pipeline.runtime import stdio
from pipeline.runtime.luigi_setup import serves_another_module

EXIT_NOT_STARTED = 1
EXIT_WRONG_PARAMETER = 40
EXIT_INTERRUPTED = 130


def luigi() -> None:
    """Run luigi's command line with this process's arguments."""
    words = sys.argv[1:]
    stdio.prepare()
    with _told_in_a_sentence():
        if serves_another_module():
            luigi_run(words)
        else:
            _run_ours(words)


def _run_ours(words: list[str]) -> None:
    from pipeline.ops import stopping
    from pipeline.ops.run import Run

    _refuse_tasks_of_luigi()
    _read_the_command_once()
    stopping.install()
    with CmdlineParser.global_instance(words) as command:
        run = Run(command.known_args.root_task, _task_of(command), words)
        run.begin()
    with run:
        _refuse_unusable_options()
        run.run(luigi_run)


def _refuse_unusable_options() -> None:
    """End as luigi does where an option cannot be used; told and alerted as any failed run."""
    from pipeline.ops import luigi_options
    from pipeline.ops.run import LOGGER
    from pipeline.runtime.failures import cause_of

    try:
        luigi_options.refuse_unusable()
    except SettingsError as error:
        LOGGER.error("%s", error, extra={"cause": cause_of(error)})
        sys.exit(EXIT_WRONG_PARAMETER)


def _refuse_tasks_of_luigi() -> None:
    """Take on tasks of ours only; luigi runs its own settings and bare bases by name as well."""
    from pipeline.ops.roots import FAMILIES

    build = CmdlineParser._build_parser

    def build_for_ours(
        root_task: str | None = None, help_all: bool = False
    ) -> argparse.ArgumentParser:
        if root_task and not _is_ours(root_task):
            tasks = ", ".join(sorted(FAMILIES))
            raise TaskClassException(
                f"no task is called {root_task}: the tasks are {tasks}, RangeDaily and RangeWeekly."
            )
        return build(root_task, help_all)

    CmdlineParser._build_parser = staticmethod(build_for_ours)


def _is_ours(name: str) -> bool:
    try:
        return bool(Register.get_task_cls(name).__module__.startswith("pipeline."))
    except TaskClassException:
        return False


def _read_the_command_once() -> None:
    """Keep what luigi read of its command line: it does so three times a run, for 25 ms each."""
    read = CmdlineParser.__init__
    known: dict[tuple[str, ...], argparse.Namespace] = {}

    def read_once(parser: CmdlineParser, words: list[str]) -> None:
        if tuple(words) not in known:
            read(parser, words)
            known[tuple(words)] = parser.known_args
        parser.known_args = known[tuple(words)]

    CmdlineParser.__init__ = read_once


def _task_of(command: CmdlineParser) -> luigi_package.Task | None:
    """Return the task that is asked for; None where luigi will find the command wrong."""
    try:
        return command.get_task_obj()
    except (PipelineError, ParameterException, ValueError):
        return None


@contextmanager
def _told_in_a_sentence() -> Iterator[None]:
    try:
        yield
    except TaskClassException as error:
        print(f"luigi: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_STARTED)
    except ModuleNotFoundError as error:
        print(f"luigi: --module names no module: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_STARTED)
    except ValueError as error:
        from pipeline.runtime.luigi_messages import sentence_of

        sentence = sentence_of(error)
        if sentence is None:
            raise
        print(f"luigi: {sentence}", file=sys.stderr)
        sys.exit(EXIT_WRONG_PARAMETER)
    except KeyboardInterrupt as stop:
        sys.exit(getattr(stop, "status", EXIT_INTERRUPTED))
