"""The `luigi` command of an environment in which this package is installed.

It is luigi's own command line, but ends with one sentence where luigi would end with a traceback.
A run of the pipeline also has a log and a record, ends with all of its processes, and alerts if it
fails. luigi is imported in the functions only, once its configuration is known to be readable.
"""

import configparser
import contextlib
import gc
import sys
from argparse import ArgumentError, ArgumentParser
from pathlib import Path

from pipeline import settings
from pipeline.runtime import stdio
from pipeline.storage import local

EXIT_WRONG_PARAMETER, EXIT_INTERRUPTED = 40, 130


def luigi() -> None:
    """Run luigi's command line, and exit with one sentence where its words cannot be used."""
    words = sys.argv[1:]
    stdio.prepare()
    import_luigi()
    from luigi.cmdline import luigi_run
    from luigi.task_register import TaskClassException

    from pipeline.runtime import luigi_messages, luigi_setup

    try:
        (_run_ours if luigi_setup.is_module_of_ours(module_in(words)) else luigi_run)(words)
    except (TaskClassException, ArgumentError, ModuleNotFoundError) as error:
        sys.exit(f"luigi: {' '.join(str(error).split())}")
    except ValueError as error:
        if (sentence := luigi_messages.sentence_of(error)) is None:
            raise
        print(f"luigi: {sentence}", file=sys.stderr)
        sys.exit(EXIT_WRONG_PARAMETER)
    except KeyboardInterrupt as stop:
        sys.exit(getattr(stop, "status", EXIT_INTERRUPTED))


def import_luigi() -> None:
    """Import luigi, or exit with a sentence about a configuration that cannot be used."""
    named = settings.run_variable("LUIGI_CONFIG_PATH")
    candidates = dict.fromkeys((Path("luigi.cfg"), Path(named or "luigi.cfg")))
    files = [path.absolute() for path in candidates if str(path) == named or path.exists()]
    try:
        for path in files:
            local.read(path)  # luigi passes over a file that it cannot read
        import luigi.cmdline  # noqa: F401
    except OSError as error:
        sys.exit(f"{error.filename} cannot be read ({error.strerror}): correct LUIGI_CONFIG_PATH.")
    except (configparser.Error, ValueError) as error:
        names, reason = " or ".join(map(str, files)), " ".join(str(error).split())
        sys.exit(f"{names} is no luigi configuration: {reason}")


def module_in(words: list[str]) -> str:
    """Return the --module of a command line as luigi reads it: the last one, also abbreviated."""
    parser = ArgumentParser(add_help=False)
    parser.add_argument("--module", nargs="?")
    return parser.parse_known_args(words)[0].module or ""


def _run_ours(words: list[str]) -> None:
    """Run luigi's command line with the log, the record and the alerts of a run of ours."""
    from luigi.cmdline import luigi_run
    from luigi.cmdline_parser import CmdlineParser
    from luigi.task_register import Register

    import pipeline.tasks.registry  # noqa: F401
    from pipeline.ops.runs import session
    from pipeline.runtime import luigi_setup, signals

    gc.freeze()  # else the collector looks at all modules again at exit: 20 % of a no-op run
    luigi_setup.configure()
    luigi_setup.install()
    luigi_setup.cache_parsers()
    signals.install()
    with CmdlineParser.global_instance(words) as command:
        family = command.known_args.root_task
        if not luigi_setup.is_module_of_ours(Register.get_task_cls(family).__module__):
            sys.exit(f"luigi: No task {family} is in this pipeline: it is luigi's own.")
        task = None
        with contextlib.suppress(Exception):  # luigi itself will find the parameters wrong
            task = command.get_task_obj()
        this_run = session.RunSession(family, task, words)
    this_run.run(luigi_run)
