"""Before luigi is imported: see that its configuration can be read, and that ours is in force.

Luigi reads its configuration while it is imported. A damaged file ends that in a traceback; one
that cannot be read is passed over in silence, and then a failed run would exit with 0.
"""

from __future__ import annotations

import configparser
import os
from pathlib import Path

from pipeline import settings

_ALSO_CORE = {
    "rpc_connect_timeout",
    "rpc_retry_attempts",
    "rpc_retry_wait",
    "rpc_log_retries",
}
"""Options of [core] that luigi reads itself and nevertheless warns of as unknown."""


def prepare_luigi() -> None:
    """Import luigi with a configuration that is known to be good.

    Raises:
        SystemExit: a configuration file is missing or damaged; its text says which and why.
    """
    named = [path for path in settings.luigi_configurations() if _is_usable(path)]
    try:
        import luigi.configuration
        import luigi.interface
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise SystemExit(f"luigi's configuration cannot be understood: {reason}") from None
    ours = settings.REPOSITORY / "luigi.cfg"
    if not named and ours.exists():
        luigi.configuration.add_config_path(str(ours))
    luigi.interface.core.ignore_unconsumed |= _ALSO_CORE

    from pipeline.tasks import messages

    messages.install()


def _is_usable(path: Path) -> bool:
    """Whether there is such a file; one that is there, or named, but unreadable ends the run."""
    is_named = path.name != str(path)
    if not path.exists() and not is_named:
        return False
    if not path.is_file() or not os.access(path, os.R_OK):
        raise SystemExit(
            f"{path.absolute()} cannot be read: mend its permissions, or correct LUIGI_CONFIG_PATH."
        )
    return True
