"""The `luigi` command of an environment in which this package is installed.

It is luigi's own command line, but ends with one sentence where luigi would end with a traceback.
A run of the pipeline also has a log and a record, ends with all of its processes, and alerts if it
fails. luigi is imported in the functions only, once its configuration is known to be readable.
"""

from __future__ import annotations

import contextlib
import gc
import sys
from argparse import ArgumentError, ArgumentParser
from collections.abc import Callable

from pipeline.errors import PipelineError, SettingsError
from pipeline.runtime import luigi_import, stdio

EXIT_WRONG_PARAMETER = 40
EXIT_INTERRUPTED = 130


def luigi() -> None:
    """Run luigi's command line, and exit with one sentence where its words cannot be used."""
    words = sys.argv[1:]
    stdio.prepare()
    luigi_import.load()
    from luigi.cmdline import luigi_run
    from luigi.task_register import TaskClassException

    from pipeline.runtime.luigi_messages import sentence_of
    from pipeline.runtime.luigi_setup import is_module_of_ours

    is_ours = is_module_of_ours(module_in(words))
    try:
        if is_ours:
            _run_ours(words, luigi_run)
        else:
            luigi_run(words)
    except (TaskClassException, ArgumentError) as error:  # the latter for luigi's own `core`
        sys.exit(f"luigi: {_no_such_task(words) if is_ours else error}")
    except ModuleNotFoundError as error:
        sys.exit(f"luigi: --module cannot be imported: {error}")
    except ValueError as error:
        if (sentence := sentence_of(error)) is None:
            raise
        print(f"luigi: {sentence}", file=sys.stderr)
        sys.exit(EXIT_WRONG_PARAMETER)
    except KeyboardInterrupt as stop:
        sys.exit(getattr(stop, "status", EXIT_INTERRUPTED))


def module_in(words: list[str]) -> str:
    """Return the --module of a command line as luigi reads it: the last one, also abbreviated."""
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--module", nargs="?")
    return parser.parse_known_args(words)[0].module or ""


def _run_ours(words: list[str], luigi_run: Callable[[list[str]], None]) -> None:
    from luigi.cmdline_parser import CmdlineParser
    from luigi.parameter import ParameterException
    from luigi.task_register import Register, TaskClassException

    import pipeline.tasks.registry  # noqa: F401
    from pipeline.ops import luigi_options, stopping
    from pipeline.ops.run import LOGGER, Run
    from pipeline.runtime import luigi_private, luigi_setup
    from pipeline.runtime.luigi_messages import cause_of
    from pipeline.runtime.luigi_setup import is_module_of_ours

    gc.freeze()  # else the collector looks at all modules again at exit: 20 % of a no-op run
    luigi_setup.configure()
    luigi_setup.install()
    luigi_private.cache_parsers()
    stopping.install()
    with CmdlineParser.global_instance(words) as command:
        family = command.known_args.root_task
        if not is_module_of_ours(Register.get_task_cls(family).__module__):
            raise TaskClassException(family)  # luigi's own settings and base classes
        task = None  # where luigi will find its parameters wrong
        with contextlib.suppress(PipelineError, ParameterException, ValueError):
            task = command.get_task_obj()
        run = Run(family, task, words)
        run.begin()
    with run:
        try:
            luigi_options.refuse_unusable()
        except SettingsError as error:  # logged and alerted of as for any failed run
            LOGGER.error("%s", error, extra={"cause": cause_of(error)})
            sys.exit(EXIT_WRONG_PARAMETER)
        run.run(luigi_run)


def _no_such_task(words: list[str]) -> str:
    from pipeline.ops.roots import FAMILIES
    from pipeline.runtime.luigi_private import root_task_of

    tasks, name = ", ".join(sorted(FAMILIES)), root_task_of(words)
    return f"no task is called {name}: the tasks are {tasks}, RangeDaily and RangeWeekly."
