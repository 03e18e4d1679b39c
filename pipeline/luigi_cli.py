"""The `luigi` command of an environment in which this package is installed.

It is luigi's own command line with a look at the configuration first, so that a damaged luigi.cfg,
a misspelt task and an interrupted run end with one sentence as well. A run of the pipeline has a
log, ends with all of its processes when it is stopped, and alerts if it fails. Tasks of another
module run as luigi would run them.

luigi is imported in the functions only: not before its configuration is known to be readable.
"""

from __future__ import annotations

import sys
from argparse import ArgumentError
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.errors import PipelineError, SettingsError
from pipeline.runtime import luigi_import, stdio
from pipeline.runtime.command_line import is_module_of_ours, module_in

if TYPE_CHECKING:
    from luigi import Task
    from luigi.cmdline_parser import CmdlineParser

EXIT_NOT_STARTED = 1
EXIT_WRONG_PARAMETER = 40
EXIT_INTERRUPTED = 130


def luigi() -> None:
    """Run luigi's command line with this process's arguments."""
    words = sys.argv[1:]
    stdio.prepare()
    _import(words)
    with _errors_as_sentences(words):
        if is_module_of_ours(module_in(words)):
            _run_ours(words)
        else:
            _luigi_run(words)


def _import(words: Sequence[str]) -> None:
    """Import luigi, and what a run of ours needs besides: in one go, which is faster."""
    with luigi_import.without_garbage_collection():
        luigi_import.load()
        if is_module_of_ours(module_in(words)):
            import pipeline.ops.run
            import pipeline.tasks.registry  # noqa: F401


def _luigi_run(words: Sequence[str]) -> None:
    from luigi.cmdline import luigi_run

    luigi_run(words)


def _run_ours(words: list[str]) -> None:
    from luigi.cmdline_parser import CmdlineParser

    from pipeline.ops import stopping
    from pipeline.ops.run import Run
    from pipeline.runtime import luigi_private, luigi_setup

    luigi_setup.configure()
    luigi_setup.install()
    luigi_private.parse_commands_once()
    stopping.install()
    with CmdlineParser.global_instance(words) as command:
        family = command.known_args.root_task
        _refuse_tasks_of_luigi(family)
        run = Run(family, _task_of(command), words)
        run.begin()
    with run:
        _refuse_unusable_options()
        run.run(_luigi_run)


def _refuse_unusable_options() -> None:
    """Exit as luigi does if an option cannot be used; log and alert as for any failed run."""
    from pipeline.ops import luigi_options
    from pipeline.ops.run import LOGGER
    from pipeline.runtime.failures import cause_of

    try:
        luigi_options.refuse_unusable()
    except SettingsError as error:
        LOGGER.error("%s", error, extra={"cause": cause_of(error)})
        sys.exit(EXIT_WRONG_PARAMETER)


def _refuse_tasks_of_luigi(family: str) -> None:
    """Raise unless the task is ours: luigi runs its own settings and base classes as well."""
    from luigi.task_register import Register, TaskClassException

    if not is_module_of_ours(Register.get_task_cls(family).__module__):
        raise TaskClassException(family)


def _task_of(command: CmdlineParser) -> Task | None:
    """Return the requested task; None if luigi will find its parameters wrong."""
    from luigi.parameter import ParameterException

    try:
        return command.get_task_obj()
    except (PipelineError, ParameterException, ValueError):
        return None


@contextmanager
def _errors_as_sentences(words: Sequence[str]) -> Iterator[None]:
    """Print an error of the command line as one sentence, and exit with its status."""
    from luigi.task_register import TaskClassException

    from pipeline.runtime.luigi_messages import sentence_of

    try:
        yield
    except (TaskClassException, ArgumentError) as error:  # the latter for luigi's own `core`
        _exit(EXIT_NOT_STARTED, _no_task(words, error))
    except ModuleNotFoundError as error:
        _exit(EXIT_NOT_STARTED, f"--module names no module: {error}")
    except ValueError as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        _exit(EXIT_WRONG_PARAMETER, sentence)
    except KeyboardInterrupt as stop:
        sys.exit(getattr(stop, "status", EXIT_INTERRUPTED))


def _no_task(words: Sequence[str], error: Exception) -> str:
    from pipeline.ops.roots import FAMILIES
    from pipeline.runtime.luigi_private import root_task_of

    if not is_module_of_ours(module_in(words)):
        return str(error)
    tasks = ", ".join(sorted(FAMILIES))
    name = root_task_of(words)
    return f"no task is called {name}: the tasks are {tasks}, RangeDaily and RangeWeekly."


def _exit(status: int, sentence: str) -> None:
    print(f"luigi: {sentence}", file=sys.stderr)
    sys.exit(status)
