"""TMDB's movie lists, collected daily and weekly: `luigi --module pipeline TASK --date DATE`.

Importing this package registers the tasks with luigi and does nothing else.
"""

import sys
from pathlib import Path

from pipeline.version import VERSION

__version__ = VERSION

_CONSOLE_SCRIPTS = ("luigi", "tmdb-pipeline", "tmdb-scheduled")
"""Our commands: they import luigi and the tasks themselves, after a look at the configuration."""

_is_ours = Path("".join(sys.argv[:1])).name in _CONSOLE_SCRIPTS

if "luigi" in sys.modules or not _is_ours:
    from pipeline.tasks.registry import *  # noqa: F403
    from pipeline.tasks.registry import __all__ as __all__
