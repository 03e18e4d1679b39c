"""The `luigi` command of an environment in which this package is installed.

It is luigi's own command line, started after `pipeline` has looked at the configuration, so that a
damaged luigi.cfg, a misspelt task and an interrupted run end in one sentence as well.
"""

from __future__ import annotations

import sys

from luigi.cmdline import luigi_run
from luigi.task_register import TaskClassException

from pipeline import settings
from pipeline.startup import serves_another_module

EXIT_NOT_STARTED = 1
EXIT_INTERRUPTED = 130

_HELP = {"--help", "--help-all", "-h"}


def luigi() -> None:
    """Run luigi's command line with this process's arguments."""
    try:
        luigi_run(sys.argv[1:])
    except SystemExit as ending:
        if ending.code == 0 and not _HELP.intersection(sys.argv) and not serves_another_module():
            print(f"The files are in {settings.current().data_dir}", file=sys.stderr)
        raise
    except TaskClassException as error:
        print(f"luigi: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_STARTED)
    except ModuleNotFoundError as error:
        print(f"luigi: --module names no module: {error}", file=sys.stderr)
        sys.exit(EXIT_NOT_STARTED)
    except KeyboardInterrupt:
        print("Stopped. What is finished is kept; the same command goes on.", file=sys.stderr)
        sys.exit(EXIT_INTERRUPTED)
