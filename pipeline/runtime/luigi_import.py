"""Import luigi: in less time, and with one sentence if its configuration cannot be read.

Only the console scripts do so, before anything else imports luigi, which reads its configuration
while it is imported: a damaged file would be a traceback, an unreadable one would be ignored.
"""

from __future__ import annotations

import configparser
import contextlib
import gc
import sys
from collections.abc import Iterator
from pathlib import Path

from pipeline import settings
from pipeline.storage import bounded


def load() -> None:
    """Import luigi, unless this process has imported it.

    Raises:
        SystemExit: a configuration file cannot be read or parsed; the text says which and why.
    """
    if "luigi" in sys.modules:
        return
    files = _readable_configuration_files()
    try:
        _import_tenacity()
        import luigi.cmdline  # noqa: F401
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        where = " or ".join(str(path.absolute()) for path in files)
        raise SystemExit(f"{where} is no luigi configuration: {reason}") from None
    except ValueError as error:
        raise SystemExit(
            f"autoload_range in [core] of luigi.cfg cannot be used ({error}): correct it there."
        ) from None


@contextlib.contextmanager
def without_garbage_collection() -> Iterator[None]:
    """Switch the garbage collector off while modules are imported, and freeze what they made.

    Otherwise it looks at all new modules again and again: 10 % of the CPU time of a finished run.
    Frozen objects also stay shared with forked workers.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _import_tenacity() -> None:
    """Import tenacity, which luigi uses, without tornado.

    tenacity imports tornado if it is installed, for coroutines that luigi does not have: 12 % of
    the CPU time of a finished run.
    """
    hidden = "tornado" not in sys.modules
    if hidden:
        sys.modules["tornado"] = None  # type: ignore[assignment]
    try:
        import tenacity  # noqa: F401
    finally:
        if hidden:
            del sys.modules["tornado"]


def _readable_configuration_files() -> list[Path]:
    """Return the files that luigi will read, after the attempt to read each."""
    named = settings.luigi_config_path()
    candidates = [Path("luigi.cfg"), *([named] if named else [])]
    files = [path for path in candidates if path is named or path.exists()]
    for path in files:
        try:
            bounded.read(path)
        except OSError as error:
            raise SystemExit(
                f"{path.absolute()} cannot be read ({error.strerror}): fix its permissions, or "
                "correct LUIGI_CONFIG_PATH."
            ) from None
    return files
