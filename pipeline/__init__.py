"""TMDB's movie lists, collected daily and weekly: `luigi --module pipeline TASK --date DATE`.

Importing this package registers the tasks with luigi and does nothing else.
"""

import sys
from pathlib import Path

from pipeline.version import VERSION as __version__  # noqa: F401, N811

# Our commands import luigi and the tasks themselves, after a look at the configuration.
_is_ours = Path("".join(sys.argv[:1])).name in ("luigi", "tmdb-pipeline", "tmdb-scheduled")

if "luigi" in sys.modules or not _is_ours:
    from pipeline.tasks.registry import *  # noqa: F403
    from pipeline.tasks.registry import __all__ as __all__
